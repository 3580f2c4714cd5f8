package confirm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
)

func TestStartErrors(t *testing.T) {
	for want, change := range map[string]func(*doorward.Config, *confirm.Config){
		"no mails can be sent":         func(c *doorward.Config, _ *confirm.Config) { c.Mail.Sender = nil },
		"where they lead":              func(c *doorward.Config, _ *confirm.Config) { c.URLs.ServerName = "" },
		"no store for what may happen": func(c *doorward.Config, _ *confirm.Config) { c.Stores.Claims = nil },
		"CONFIRM_EMAIL_WITHIN is -1s":  func(_ *doorward.Config, c *confirm.Config) { c.Within = -1e9 },
		"set POST_CONFIRM_VIEW":        func(c *doorward.Config, f *confirm.Config) { c.URLs.Behavior, f.ErrorView = "spa", "/x" },
		"set CONFIRM_ERROR_VIEW":       func(c *doorward.Config, f *confirm.Config) { c.URLs.Behavior, f.PostConfirm = "spa", "/x" },
	} {
		cfg := doorward.Config{Stores: doorward.StoresFrom(memstore.New[kit.User]()), SecretKey: []byte(kit.SecretKey)}
		cfg.Mail.Sender, cfg.URLs.ServerName = &mail.Outbox{}, "example.com"
		own := confirm.Config{}
		change(&cfg, &own)
		_, err := doorward.New(cfg, confirm.New(own))
		if _, ok := errors.AsType[*doorward.ConfigError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	cfg := doorward.Config{Stores: doorward.StoresFrom(memstore.New[kit.User]()), SecretKey: []byte(kit.SecretKey)}
	cfg.Mail.Sender, cfg.URLs.ServerName = &mail.Outbox{}, "example.com"
	if _, err := doorward.New(cfg, confirm.New(confirm.Config{})); err != nil {
		t.Error(err)
	}
}
