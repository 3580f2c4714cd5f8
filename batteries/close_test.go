package batteries_test

import (
	"context"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
)

// line is a sender with a connection to end.
type line struct {
	sent   chan mail.Message
	closed bool
}

func (l *line) Send(_ context.Context, m mail.Message) error { l.sent <- m; return nil }

func (l *line) Close() error { l.closed = true; return nil }

// The queue is drained at the end, and then the sender's connection is ended.
func TestCloseEndsTheSender(t *testing.T) {
	type user struct {
		ID int64 `db:"id,pk"`
		doorward.Account
	}
	l := &line{sent: make(chan mail.Message, 1)}
	var cfg batteries.Config
	cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[user]()), []byte("0123456789abcdef")
	cfg.Mail.Sender, cfg.URLs.ServerName = l, "localhost"
	app, err := batteries.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Close(t.Context()); err != nil || !l.closed {
		t.Errorf("closed %t, %v", l.closed, err)
	}
}
