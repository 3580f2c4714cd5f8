package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
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

// Others write while a lot is deleted, and all of it is deleted.
func TestDeleteExpiredLeavesRoom(t *testing.T) {
	const rows = 5000
	onEach(t, func(t *testing.T, kind string) {
		db := database(t, kind)
		s := openOn[plain](t, kind, db, sqlstore.Config{})
		now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
		old := now.Add(-48 * time.Hour).UnixMicro()
		for table, c := range map[string]struct {
			row   func(i int, at int64) string
			purge func() (int, error)
		}{
			"doorward_claim": {
				func(i int, at int64) string { return fmt.Sprintf("('c%d', %d)", i, at) },
				func() (int, error) { return s.DeleteExpired(t.Context(), now) },
			},
			"doorward_session": {
				func(i int, at int64) string { // half of them by time, half by not being used
					return fmt.Sprintf("('s%d', 'u', %d, %d, '0 0 false  ', 0, '', '')", i, at, at+int64(i%2)*1e15)
				},
				func() (int, error) {
					return s.DeleteExpiredSessions(t.Context(), now, now.Add(-24*time.Hour))
				},
			},
		} {
			values := []string{c.row(rows, now.Add(time.Hour).UnixMicro())} // one stays
			for i := range rows {
				values = append(values, c.row(i, old))
			}
			mustExec(t, db, "INSERT INTO "+table+" VALUES "+strings.Join(values, ", "))
			started, stop, between := make(chan struct{}), make(chan struct{}), make(chan map[int]bool)
			go func() {
				seen := map[int]bool{}
				defer func() { between <- seen }()
				for i := 0; ; i++ {
					left := 0
					err := errors.Join(s.CreateRole(context.Background(), doorward.Role{Name: fmt.Sprint(table, i)}),
						db.QueryRow("SELECT count(*) FROM "+table).Scan(&left))
					if err != nil {
						t.Error(err)
					}
					seen[left] = true
					if i == 0 {
						close(started)
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			}()
			<-started
			n, err := c.purge()
			close(stop)
			seen := <-between
			if n != rows || err != nil {
				t.Errorf("%s: %d, %v", table, n, err)
			}
			delete(seen, rows+1)
			delete(seen, 1)
			if kind == testdb.SQLite && len(seen) == 0 { // the others lock rows only
				t.Errorf("%s: nobody wrote in between", table)
			}
			left := 0
			if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&left); err != nil || left != 1 {
				t.Errorf("%s: %d left, %v", table, left, err)
			}
		}
	})
}
