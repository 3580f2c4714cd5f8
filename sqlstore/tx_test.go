package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"
)

// Two stores on one file are two processes as far as locks go.
func TestTwoProcesses(t *testing.T) {
	for name, dsn := range map[string]func(string) string{"our DSN": sqlstore.SQLiteDSN, "impatient": func(p string) string { return "file:" + p }} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.db")
			mk := func() *sqlstore.Store[plain, *plain] {
				db, err := sql.Open("sqlite", dsn(path))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				db.SetMaxOpenConns(1) // a leaked connection would hang
				return open[plain](t, db, sqlstore.Config{})
			}
			one, two := mk(), mk()
			u := &plain{Account: doorward.Account{Email: "a@example.com"}}
			if err := one.CreateUser(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for _, s := range []*sqlstore.Store[plain, *plain]{one, two} {
				for range 4 {
					wg.Go(func() {
						mine := *u
						for range 10 {
							if err := s.UpdateUser(t.Context(), &mine, func(a *doorward.Account) error { a.LoginCount++; return nil }); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			wg.Wait()
			found, err := two.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
			if err != nil || found.SecurityAccount().LoginCount != 80 {
				t.Errorf("%+v %v", found, err)
			}
		})
	}
}

func TestBusyIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := open[plain](t, db, sqlstore.Config{BusyWait: 30 * time.Millisecond})
	u := &plain{Account: doorward.Account{Email: "a@example.com"}}
	if err := s.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	set := func(ctx context.Context) error {
		return s.UpdateUser(ctx, u, func(a *doorward.Account) error { a.LoginCount++; return nil })
	}
	if err := set(t.Context()); err == nil || errors.Is(err, doorward.ErrNotFound) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another writes: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := set(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a short context: %v", err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := set(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A user that a transaction made and took back can be made again.
func TestTakenBackUser(t *testing.T) {
	s := open[plain](t, openDB(t), sqlstore.Config{})
	u := &plain{Account: doorward.Account{Email: "a@example.com"}}
	fails := errors.New("no")
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		if err := s.CreateUser(ctx, u); err != nil || u.ID == 0 {
			t.Errorf("id %d, %v", u.ID, err)
		}
		return fails
	})
	if !errors.Is(err, fails) || u.ID != 0 || u.Uniquifier != "" {
		t.Errorf("%v, %+v", err, u)
	}
	if err := s.CreateUser(t.Context(), u); err != nil || u.ID == 0 {
		t.Errorf("id %d, %v", u.ID, err)
	}
}

// The context of one store's transaction means nothing to another store.
func TestContextOfAnotherStore(t *testing.T) {
	one, two := open[plain](t, openDB(t), sqlstore.Config{}), open[plain](t, openDB(t), sqlstore.Config{})
	fails := errors.New("no")
	_ = one.InTx(t.Context(), func(ctx context.Context) error {
		if err := two.CreateRole(ctx, doorward.Role{Name: "kept"}); err != nil {
			t.Error(err)
		}
		return fails
	})
	if _, err := two.FindRole(t.Context(), "kept"); err != nil {
		t.Error(err)
	}
	if _, err := one.FindRole(t.Context(), "kept"); !errors.Is(err, doorward.ErrNotFound) {
		t.Error(err)
	}
}

func TestDeletedUsersKeyIsClean(t *testing.T) {
	db := openDB(t)
	mustExec(t, db, `PRAGMA foreign_keys = OFF`)
	s := open[plain](t, db, sqlstore.Config{})
	u := &plain{Account: doorward.Account{Email: "a@example.com"}}
	if err := s.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, `INSERT INTO web_authn (credential_id, public_key, backup_state, device_type, lastuse_datetime, name, usage, user_id) VALUES (x'01', x'02', 0, 'd', '', 'n', 'first', ?)`, u.ID)
	mustExec(t, db, `INSERT INTO fs_refresh_tracker (refresh_family, expires_at, last_used_at, name, user_id) VALUES ('f', '', '', 'n', ?)`, u.ID)
	if err := s.DeleteUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(`SELECT (SELECT count(*) FROM web_authn) + (SELECT count(*) FROM fs_refresh_tracker)`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
	id := u.ID
	again := &plain{Account: doorward.Account{Email: "b@example.com"}}
	if err := s.CreateUser(t.Context(), again); err != nil || again.ID == id {
		t.Errorf("the key %d is given again, %v", again.ID, err)
	}
}

func TestDeleteExpired(t *testing.T) {
	s := open[plain](t, openDB(t), sqlstore.Config{})
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for i, at := range []time.Time{now.Add(-time.Microsecond), now, now.Add(time.Hour)} {
		key := string(rune('a' + i))
		if err := errors.Join(s.Claim(t.Context(), key, at), s.CreateRemember(t.Context(), doorward.Remember{Selector: key, ExpiresAt: at})); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.DeleteExpired(t.Context(), now); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	if err := s.Claim(t.Context(), "b", now); !errors.Is(err, doorward.ErrClaimed) {
		t.Errorf("a claim that is not over: %v", err)
	}
}
