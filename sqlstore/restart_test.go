package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// disconnect ends all connections to a database but d's own, and says how many.
func disconnect(t *testing.T, d *testdb.Database) (n int) {
	t.Helper()
	query := `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
	kill := "SELECT pg_terminate_backend(%d)"
	if d.Kind == testdb.MySQL {
		query, kill = `SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()`, "KILL %d"
	}
	d.SetMaxOpenConns(1)
	rows, err := d.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	_ = rows.Close()
	for _, id := range ids {
		mustExec(t, d.DB, fmt.Sprintf(kill, id))
	}
	return len(ids)
}

// After the server ended all connections, as it does when it is restarted,
// calls work at once, prepared statements too.
func TestServerRestart(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			d := testdb.Open(t, kind)
			s := openOn[plain](t, kind, another(t, d), sqlstore.Config{})
			u := &plain{Account: doorward.Account{Email: "a@example.com"}}
			if err := errors.Join(s.CreateRole(t.Context(), doorward.Role{Name: "admin"}), s.CreateUser(t.Context(), u)); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				for what, err := range everything(t.Context(), s, u) {
					if err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
				if disconnect(t, d) == 0 {
					t.Error("nothing was cut off")
				}
				if _, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"}); err != nil {
					t.Errorf("the first look-up: %v", err)
				}
				disconnect(t, d)
				if err := s.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount++; return nil }); err != nil {
					t.Errorf("the first change: %v", err)
				}
			}
		})
	}
}

// A connection that breaks in a transaction leaves nothing of it, and nobody
// gets it again.
func TestBrokenInATransaction(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			d := testdb.Open(t, kind)
			db := another(t, d)
			db.SetMaxOpenConns(1)
			s := openOn[plain](t, kind, db, sqlstore.Config{})
			for _, swallow := range []bool{false, true} {
				err := s.InTx(t.Context(), func(ctx context.Context) error {
					if err := s.CreateRole(ctx, doorward.Role{Name: "one"}); err != nil {
						t.Error(err)
					}
					disconnect(t, d)
					err := s.CreateRole(ctx, doorward.Role{Name: "two"})
					if err == nil || errors.Is(err, doorward.ErrNotFound) {
						t.Errorf("on a broken connection: %v", err)
					}
					_ = s.CreateRole(ctx, doorward.Role{Name: "three"})
					if swallow {
						return nil
					}
					return err
				})
				if err == nil {
					t.Error("kept")
				}
				if list, err := s.ListRoles(t.Context()); err != nil || len(list) != 0 {
					t.Errorf("left are %v, %v", list, err)
				}
			}
		})
	}
}

// Who stops waiting for a lock gets control back, and no transaction is left
// open on the server.
func TestNobodyWaits(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			s, _, u, d := broken(t, kind)
			two := &plain{Account: doorward.Account{Email: "b@example.com"}}
			if err := s.CreateUser(t.Context(), two); err != nil {
				t.Fatal(err)
			}
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if err := s.UpdateUser(ctx, u, func(a *doorward.Account) error { a.LoginCount++; return nil }); err != nil {
					return err
				}
				short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				err := s.InTx(short, func(ctx context.Context) error { // holds two, waits for u
					if err := s.UpdateUser(ctx, two, func(a *doorward.Account) error { a.LoginCount++; return nil }); err != nil {
						return err
					}
					return s.UpdateUser(ctx, u, func(a *doorward.Account) error { a.LoginCount++; return nil })
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("waiting: %v", err)
				}
				open := transactions(t, d, 1)
				if open != 1 { // this one
					t.Errorf("%d transactions are open", open)
				}
				// what the other held is free
				return s.UpdateUser(t.Context(), &plain{ID: two.ID}, func(a *doorward.Account) error { a.LoginCount++; return nil })
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// transactions waits a while until so many are open in the database of d.
func transactions(t *testing.T, d *testdb.Database, want int) (n int) {
	t.Helper()
	query := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`
	if d.Kind == testdb.MySQL {
		query = `SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()`
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-tick.C {
		if err := d.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == want {
			break
		}
	}
	return n
}

// A connection is ended by its number only where that is still the same
// connection: on the same server, which was not started anew since.
func TestKillMeansOneConnection(t *testing.T) {
	d := testdb.Open(t, testdb.MySQL)
	conns := make([]*sql.Conn, 2)
	for i := range conns {
		conn, err := d.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
	}
	var up int64
	if err := conns[1].QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Uptime'").Scan(new(string), &up); err != nil {
		t.Fatal(err)
	}
	e, err := sqlstore.EndOf(t.Context(), conns[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		end  sqlstore.End
		dies bool
	}{
		{"another server", e.OnAnother(), false}, {"an earlier start", e.Before(time.Duration(up+60) * time.Second), false}, {"itself", e, true},
	} {
		if err := c.end.Kill(t.Context(), conns[1]); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := conns[0].PingContext(t.Context()); (err != nil) != c.dies {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
