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
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
)

// allTexts returns the texts of an installation that has every feature and the
// server's own pages.
func allTexts(ctx context.Context) (map[string]doorward.Text, error) {
	var cfg batteries.Config
	cfg.Stores = doorward.StoresFrom(memstore.New[doorwardtest.User]())
	cfg.SecretKey = []byte(doorwardtest.SecretKey)
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Mail.Sender, cfg.URLs.ServerName = &mail.Outbox{}, doorwardtest.Host
	cfg.More = []doorward.Feature{site.New()}
	doorwardtest.Everything(&cfg)
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
