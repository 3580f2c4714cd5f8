package batteries_test

import (
	"context"
	"fmt"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/twofactor"
)

// Administrators need a second factor, and everybody may have one.
func Example_secondFactor() {
	store := memstore.New[User]()
	key, server, provider := "from a secret store, not from here", &mail.Outbox{}, &sms.Outbox{}

	cfg := batteries.Config{}
	cfg.TwoFactor = &twofactor.Config{RequiredRoles: []string{"admin"}}
	cfg.RecoveryCodes = &recoverycodes.Config{}
	cfg.Codes = codes.Config{
		Secrets: map[string]string{"1": key}, // seals what is stored
		Issuer:  "Example",                   // what authenticator apps show
		SMS:     provider,                    // nil: no text messages
	}
	cfg.Mail.Sender = server

	cfg.Stores, cfg.SecretKey, cfg.URLs.ServerName = doorward.StoresFrom(store), []byte("from a secret store, too"), "example.com"
	app, err := batteries.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer app.Close(context.Background())

	err = app.TwoFactor.Hooks().ProfileChanged.On(func(_ context.Context, ev twofactor.ProfileChanged) error {
		fmt.Println(ev.User.SecurityAccount().Email, "has set up", ev.Method)
		return nil
	})
	fmt.Println("ready", err)
	// Output: ready <nil>
}
