package batteries_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/internal/otp"
)

// When Flask is gone second factors and recovery codes that were stored in its
// formats go on, and nothing that travels is in them.
func TestFlaskStoredOnly(t *testing.T) {
	const recovery = "0a1b-2c3d-4e5f"
	cfg := flaskcompat.Config{RecoveryKeys: []string{"Uqd8XkcBPmyKAXCXPcRoXBXH3I6ArFKSXkXyRJw1vzE="}}
	key := otp.NewKey()
	factors := func(a *doorward.Account) {
		wallet, err := flaskcompat.NewTOTPWallet(map[string]string{"1": kit.SecretKey})
		if err != nil {
			t.Fatal(err)
		}
		vault, err := flaskcompat.NewRecoveryCodes(cfg.RecoveryKeys, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := wallet.Seal(key)
		if err != nil {
			t.Fatal(err)
		}
		code, err := vault.Seal([]byte(recovery))
		if err != nil {
			t.Fatal(err)
		}
		a.TFPrimaryMethod, a.TFTOTPSecret, a.RecoveryCodes = "authenticator", secret, []string{code}
	}
	for _, only := range []bool{false, true} {
		app := kit.New(t, func(c *batteries.Config) {
			kit.Everything(c)
			with := cfg
			with.StoredOnly = only
			c.Flask = &with
		})
		format, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(kit.SecretKey)})
		if err != nil {
			t.Fatal(err)
		}
		joe := app.NewUser("joe@example.com", factors)
		for path, code := range map[string]string{
			"/tf-validate": otp.Code(key, otp.Step(app.Clock.Now())),
			"/mf-recovery": recovery,
		} {
			b := app.Browser()
			b.JSON = true
			b.LoginAs(joe).Want(200).Contains(`"tf_required":true`)
			b.Post(path, kit.Fields{"code": code}).Want(200)
			if who := b.WhoAmI(); who != "joe@example.com" {
				t.Errorf("stored only is %t: %s signed in %q", only, path, who)
			}
			if _, err := format.Session.Open(b.Cookie("session"), app.Clock.Now()); (err == nil) == only {
				t.Errorf("stored only is %t: the session cookie is %q", only, b.Cookie("session"))
			}
		}
		if app.Logs.Contains("shared with a Flask application") == only {
			t.Errorf("stored only is %t: the log says\n%s", only, app.Logs)
		}
	}
}
