package interop_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/sqlstore"
)

// TestRows runs both applications on one database. What a user set up at one of
// them must do at the other.
func TestRows(t *testing.T) {
	for _, set := range keySets() {
		python(t)
		db := testdb.Open(t, testdb.SQLite)
		flask := startFlask(t, db, set)
		ours := startOurs(t, db, set)
		runRows(t, set, flask, [2]*side{flask, ours}, [2]*side{ours, flask})
	}
}

// startOurs starts an application with this library on the tables that the
// original made.
func startOurs(t *testing.T, db *testdb.Database, set keySet) *side {
	t.Helper()
	if _, err := sqlstore.Migrate(t.Context(), db.DB, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New[kit.User](db.DB, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	host := server.Listener.Addr().String()

	var cfg batteries.Config
	if err := batteries.Load(&cfg, shared()); err != nil {
		t.Fatal(err)
	}
	var mails mail.Outbox
	var texts sms.Outbox
	cfg.Stores = doorward.StoresFrom(store)
	cfg.Mail.Sender, cfg.URLs.ServerName = &mails, host
	cfg.Logger = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	cfg.Codes.SMS = &texts
	cfg.Codes.Vault, cfg.RecoveryCodes.Vault = newWallet(t), newCodes(t, set.keys)
	app, err := batteries.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close(context.WithoutCancel(t.Context())) })
	server.Config.Handler = app.Handler(http.NotFoundHandler())
	server.Start()
	return &side{name: "doorward", url: server.URL, sent: func(*testing.T) (all []message) {
		for _, m := range mails.Sent() {
			all = append(all, message{m.To, m.Text})
		}
		for _, m := range texts.Sent() {
			all = append(all, message{m.To, m.Text})
		}
		return all
	}}
}

// testLog writes errors into the log of the test.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}
