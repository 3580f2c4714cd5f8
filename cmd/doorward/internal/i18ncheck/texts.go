package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/cmd/doorward/internal/site"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/passwordless"
	"github.com/doorward/doorward/sms"
)

// allTexts returns the texts of the installations that there can be, with every
// feature and the server's own pages.
func allTexts(ctx context.Context) (map[string]doorward.Text, error) {
	texts, err := textsOf(ctx, func(*batteries.Config) {})
	if err != nil {
		return nil, err
	}
	more, err := textsOf(ctx, func(cfg *batteries.Config) { cfg.Passwordless = &passwordless.Config{} })
	maps.Copy(texts, more)
	return texts, err
}

func textsOf(ctx context.Context, edit func(*batteries.Config)) (map[string]doorward.Text, error) {
	var cfg batteries.Config
	cfg.Stores = doorward.StoresFrom(memstore.New[doorwardtest.User]())
	cfg.SecretKey = []byte(doorwardtest.SecretKey)
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Mail.Sender, cfg.URLs.ServerName = &mail.Outbox{}, doorwardtest.Host
	cfg.Codes = codes.Config{Secrets: map[string]string{"1": doorwardtest.SecretKey}, Issuer: "Doorward", SMS: &sms.Outbox{}}
	cfg.More = []doorward.Feature{site.New()}
	doorwardtest.Everything(&cfg)
	edit(&cfg)
	app, err := batteries.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("an installation with everything: %w", err)
	}
	texts := app.Texts()
	maps.DeleteFunc(texts, func(_ string, t doorward.Text) bool { return t.Text == "" })
	if len(texts) == 0 {
		err = errors.New("an installation with everything has no texts")
	}
	return texts, errors.Join(err, app.Close(ctx))
}
