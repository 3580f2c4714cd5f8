package recoverycodes_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/twofactor"
)

// TestTogether: with the two-factor sign-in itself, who has lost the
// authenticator is led to the page for a code, and gets in by one.
func TestTogether(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.TwoFactor, c.RecoveryCodes = &twofactor.Config{}, &recoverycodes.Config{}
	})
	u := app.NewUser(joe)
	mine := generate(t, app, u)
	vault, err := codes.NewVault(map[string]string{"1": kit.SecretKey}, "one-time codes")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := vault.Seal([]byte("twenty bytes of chance"))
	if err != nil {
		t.Fatal(err)
	}
	app.Change(u, func(a *doorward.Account) { a.TFPrimaryMethod, a.TFTOTPSecret = codes.Authenticator, secret })

	b := waits(app, joe, true)
	b.Get("/tf-validate").Want(200).Contains(`"recovery_code":"`)
	page := b.Clone()
	page.JSON = false
	page.Get(enter).Want(200).Contains(`href="/tf-validate`)
	b.Post(enter, code(mine[0])).Want(200)
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
	for range mine[1:] {
		mine = mine[1:]
		waits(app, joe, true).Post(enter, code(mine[0])).Want(200)
	}
	waits(app, joe, true).Get("/tf-validate").Want(200).Lacks("recovery_code")
}

// TestListComesBack: an application on the same table that had read the list
// before a code was used may write it back. The code stays used, also when the
// password changes meanwhile.
func TestListComesBack(t *testing.T) {
	s := newSite(t)
	mine := s.codes
	before := s.stored()
	waits(s.App, joe, true).Post(enter, code(mine[1])).Want(200)
	s.Change(s.joe, func(a *doorward.Account) {
		a.RecoveryCodes, a.Uniquifier, a.WebAuthnHandle = before, doorward.NewUniquifier(), "made since"
	})
	waits(s.App, joe, true).Post(enter, code(mine[1])).Want(400).Fails("code", "INVALID_RECOVERY_CODE")
	waits(s.App, joe, true).Post(enter, code(mine[0])).Want(200)
}
