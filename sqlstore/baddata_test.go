package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// garbage is what no column of the tables should hold.
var garbage = []any{
	nil, "", "garbage", "TRUE!", "-1", int64(-1), int64(2), int64(1) << 62, 1.5, math.Inf(1), []byte{0xff, 0xfe, 0}, strings.Repeat("9", 40),
	"0000-00-00 00:00:00", "{", "[1]", `{"a":1}`, "a,b\x1e\x1f", "2026-13-45",
}

// Garbage in any column of any table is an error, a miss or the zero value. It
// makes nobody active, no session fresh, no code unused and no lock open, and
// nothing panics.
func TestGarbageEverywhere(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		t.Parallel()
		w := newVictim(t, kind)
		for _, table := range []string{"user", "role", "roles_users", "doorward_session", "doorward_remember", "doorward_claim", "doorward_guess"} {
			for _, column := range w.columns(t, table) {
				w.walk(t, table, column)
			}
		}
	})
}

// victim is a database with a row in every table: of a user who is not active,
// whose session is not fresh.
type victim struct {
	*sqlstore.Store[plain, *plain]
	db   *sql.DB
	kind string
	user *plain
	key  string
}

func newVictim(t *testing.T, kind string) *victim {
	t.Helper()
	db := database(t, kind)
	w := &victim{openOn[plain](t, kind, db, sqlstore.Config{}), db, kind, nil, strings.Repeat("ab", 32)}
	w.user = &plain{Account: doorward.Account{
		Email: "a@example.com", Username: "ann", PasswordHash: "h", RecoveryCodes: []string{"a"}, USTOTPSecrets: map[string]string{"a": "b"}, ConfirmedAt: time.Unix(1, 0),
	}}
	ctx := t.Context()
	err := errors.Join(
		w.CreateRole(ctx, doorward.Role{Name: "admin", Permissions: []string{"all"}}), w.CreateUser(ctx, w.user, "admin"),
		w.CreateSession(ctx, doorward.Session{IDHash: w.key, Uniquifier: w.user.Uniquifier, ExpiresAt: time.Unix(1, 0), CreatedAt: time.Unix(1, 0), SeenAt: time.Unix(1, 0)}, ""),
		w.CreateRemember(ctx, doorward.Remember{Selector: w.key, Verifier: "v", Uniquifier: w.user.Uniquifier}), w.Claim(ctx, w.key, time.Unix(1, 0)),
		w.UpdateGuesses(ctx, []string{w.key}, func(g []doorward.Guesses) error { g[0].Count, g[0].Until = 5, time.Unix(9, 0); return nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *victim) quote(name string) string {
	if w.kind == testdb.MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// columns lists the columns of a table that can be set.
func (w *victim) columns(t *testing.T, table string) []string {
	t.Helper()
	rows, err := w.db.Query("SELECT * FROM " + w.quote(table))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// walk puts every kind of garbage that the database takes into one column.
func (w *victim) walk(t *testing.T, table, column string) {
	t.Helper()
	var before any
	if err := w.db.QueryRow("SELECT " + w.quote(column) + " FROM " + w.quote(table)).Scan(&before); err != nil {
		t.Fatal(err)
	}
	mark := "?"
	if w.kind == testdb.Postgres {
		mark = "$1"
	}
	set := "UPDATE " + w.quote(table) + " SET " + w.quote(column) + " = " + mark
	for _, value := range garbage {
		if _, err := w.db.Exec(set, value); err != nil {
			continue // a server keeps its types
		}
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("%s.%s = %#v: panic: %v", table, column, value, p)
				}
			}()
			w.judge(t, fmt.Sprintf("%s.%s = %#v", table, column, value), table, column)
		}()
	}
	if _, err := w.db.Exec(set, before); err != nil {
		t.Fatal(err)
	}
}

func (w *victim) judge(t *testing.T, what, table, column string) {
	t.Helper()
	ctx, stop := t.Context(), errors.New("stop")
	user := func(u doorward.User, err error) {
		if err == nil && u.SecurityAccount().Active {
			t.Errorf("%s: the user is active", what)
		}
		if err != nil && u != nil {
			t.Errorf("%s: a user and an error: %v", what, err)
		}
	}
	for _, q := range []doorward.UserQuery{{Attr: "email", Value: "a@example.com"}, {Attr: "email", Value: "A@example.com", AnyCase: true}, {Attr: "fs_uniquifier", Value: w.user.Uniquifier}} {
		u, err := w.FindUser(ctx, q)
		user(u, err)
		u, _, err = w.LoadUser(ctx, q)
		user(u, err)
	}
	x, u, _, err := w.LoadSession(ctx, w.key)
	user(u, err)
	if err == nil && (x.Fresh || !x.AuthnAt.IsZero() || column != "expires_at" && x.ExpiresAt.After(time.Unix(1, 0))) {
		t.Errorf("%s: the session is %+v", what, x)
	}
	if x, u, _, err := w.LoadSession(ctx, ""); err == nil {
		t.Errorf("%s: a session without an id: %+v %v", what, x, u)
	}
	_ = w.UpdateUser(ctx, w.user, func(*doorward.Account) error { return stop })
	_ = w.UpdateSession(ctx, w.key, func(*doorward.Session) error { return stop })
	_, _ = w.UpdateRemember(ctx, w.key, func(*doorward.Remember) error { return stop })
	_ = w.UpdateRole(ctx, "admin", func(*doorward.Role) error { return stop })
	_, _ = w.ListSessions(ctx, w.user.Uniquifier)
	_, _, _ = w.ListUsers(ctx, "a", 0, 10)
	_, _ = w.ListRoles(ctx)
	_, _ = w.RolesOf(ctx, w.user)
	if table == "doorward_claim" && column != "claim" {
		if err := w.Claim(ctx, w.key, time.Now()); !errors.Is(err, doorward.ErrClaimed) {
			t.Errorf("%s: claimed again: %v", what, err)
		}
	}
	if table == "doorward_guess" && column != "guess" {
		w.judgeGuesses(t, what, stop)
	}
}

func (w *victim) judgeGuesses(t *testing.T, what string, stop error) {
	t.Helper()
	check := func(g []doorward.Guesses) error {
		if g[0].Count < 1 || g[0].Until.Before(time.UnixMicro(-1)) {
			t.Errorf("%s: the lock is open: %+v", what, g[0])
		}
		return stop
	}
	if g, err := w.LoadGuesses(t.Context(), []string{w.key}); err == nil {
		_ = check(g)
	}
	if err := w.UpdateGuesses(context.WithoutCancel(t.Context()), []string{w.key}, check); err == nil {
		t.Errorf("%s: no error", what)
	}
}
