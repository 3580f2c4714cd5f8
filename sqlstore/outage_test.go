package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// servers are the kinds of database that are another process.
var servers = [...]string{testdb.Postgres, testdb.MySQL}

// broken opens a store with one user whose database can be made to fail.
func broken(t *testing.T, kind string) (*sqlstore.Store[plain, *plain], *faulty, *plain, *testdb.Database) {
	t.Helper()
	d := testdb.Open(t, kind)
	db, f := breakable(t, d)
	s := openOn[plain](t, kind, db, sqlstore.Config{BusyWait: time.Second})
	u := &plain{Account: doorward.Account{Email: "a@example.com", Active: true}}
	if err := errors.Join(s.CreateRole(t.Context(), doorward.Role{Name: "admin"}), s.CreateUser(t.Context(), u)); err != nil {
		t.Fatal(err)
	}
	return s, f, u, d
}

// failure is an error of a server.
func failure(kind, state string, number uint16) error {
	if kind == testdb.Postgres {
		return &pgconn.PgError{Code: state, Message: "made up"}
	}
	return &mysql.MySQLError{Number: number, Message: "made up"}
}

// What is wrong with the database is an error of its own: nobody is told that a
// user does not exist, or that a code was used.
func TestTroubleIsNotAnAnswer(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			s, f, u, _ := broken(t, kind)
			for name, err := range map[string]error{
				"read-only": failure(kind, "25006", 1290), "full": failure(kind, "53100", 1114), "too many connections": failure(kind, "53300", 1040),
				"no such table": failure(kind, "42P01", 1146), "no permission": failure(kind, "42501", 1142), "network": errors.New("connection refused"),
			} {
				f.set(func(query string) error {
					if query == "ROLLBACK" {
						return nil
					}
					return err
				})
				for what, err := range everything(t.Context(), s, u) {
					if err == nil || errors.Is(err, doorward.ErrNotFound) || errors.Is(err, doorward.ErrDuplicate) || errors.Is(err, doorward.ErrClaimed) {
						t.Errorf("%s: %s: %v", name, what, err)
					} else if strings.Count(err.Error(), "sqlstore: ") != 1 {
						t.Errorf("%s: %s is not wrapped once: %v", name, what, err)
					}
				}
			}
			f.set(nil)
			for what, err := range everything(t.Context(), s, u) {
				if err != nil {
					t.Errorf("afterwards: %s: %v", what, err)
				}
			}
		})
	}
}

// everything calls what a store can do.
func everything(ctx context.Context, s *sqlstore.Store[plain, *plain], u *plain) map[string]error {
	seed := time.Now().Format(time.RFC3339Nano)
	key := fmt.Sprintf("%064x", seed)[:64]
	key = strings.Repeat("0", 4) + key[len(key)-60:]
	q := doorward.UserQuery{Attr: "email", Value: "a@example.com"}
	out := map[string]error{}
	note := func(what string, user doorward.User, err error) {
		if err != nil && user != nil {
			err = nil // the check of the caller fails
		}
		out[what] = err
	}
	out["CreateUser"] = s.CreateUser(ctx, &plain{Account: doorward.Account{Email: seed}}, "admin")
	x, err := s.FindUser(ctx, q)
	note("FindUser", x, err)
	q.AnyCase = true
	x, _, err = s.LoadUser(ctx, q)
	note("LoadUser", x, err)
	out["UpdateUser"] = s.UpdateUser(ctx, u, func(a *doorward.Account) error { a.LoginCount++; return nil })
	_, _, out["ListUsers"] = s.ListUsers(ctx, "a", 0, 1)
	_, out["FindRole"] = s.FindRole(ctx, "admin")
	_, out["AddRole"] = s.AddRole(ctx, u, "admin")
	_, out["RolesOf"] = s.RolesOf(ctx, u)
	_, out["RemoveRole"] = s.RemoveRole(ctx, u, "admin")
	out["CreateSession"] = s.CreateSession(ctx, doorward.Session{IDHash: key, Uniquifier: u.Uniquifier}, "")
	_, x, _, err = s.LoadSession(ctx, key)
	note("LoadSession", x, err)
	out["UpdateSession"] = s.UpdateSession(ctx, key, func(*doorward.Session) error { return nil })
	out["RekeySession"] = s.RekeySession(ctx, key, key[1:]+"1", u.Uniquifier)
	out["EndSession"] = s.EndSession(ctx, u.Uniquifier, key[1:]+"1")
	out["CreateRemember"] = s.CreateRemember(ctx, doorward.Remember{Selector: key})
	_, out["UpdateRemember"] = s.UpdateRemember(ctx, key, func(*doorward.Remember) error { return nil })
	out["Claim"] = s.Claim(ctx, key, time.Now())
	_, out["LoadGuesses"] = s.LoadGuesses(ctx, []string{key})
	out["UpdateGuesses"] = s.UpdateGuesses(ctx, []string{key}, func(g []doorward.Guesses) error { g[0].Count++; return nil })
	out["InTx"] = s.InTx(ctx, func(context.Context) error { return nil })
	_, out["DeleteExpired"] = s.DeleteExpired(ctx, time.Time{})
	return out
}

// A transaction that collided runs again, whatever its function made of the
// error; one that keeps colliding is given up.
func TestCollision(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			s, f, u, _ := broken(t, kind)
			for _, at := range []string{"UPDATE", "FOR UPDATE", "COMMIT"} {
				failed, runs := false, 0
				f.set(func(query string) error {
					if failed || !strings.HasPrefix(query, at) && !strings.HasSuffix(query, at) {
						return nil
					}
					failed = true
					return failure(kind, "40P01", 1213)
				})
				before := u.LoginCount
				err := s.InTx(t.Context(), func(ctx context.Context) error {
					runs++
					_ = s.UpdateUser(ctx, u, func(a *doorward.Account) error { a.LoginCount++; return nil })
					return nil
				})
				if err != nil || runs != 2 || u.LoginCount != before+1 {
					t.Errorf("%s: %d runs, count %d after %d, %v", at, runs, u.LoginCount, before, err)
				}
			}
			f.set(func(query string) error {
				if strings.Contains(query, "UPDATE") {
					return failure(kind, "40001", 1205)
				}
				return nil
			})
			if err := s.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount++; return nil }); err == nil {
				t.Error("a collision without end is no error")
			}
		})
	}
}

// A transaction decides by what others have committed, not by what it saw first.
func TestNoStaleSnapshot(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			s, _, u, _ := broken(t, kind)
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if _, err := s.RolesOf(ctx, u); err != nil {
					return err
				}
				if added, err := s.AddRole(t.Context(), u, "admin"); err != nil || !added {
					t.Errorf("the other: %t %v", added, err)
				}
				added, err := s.AddRole(ctx, u, "admin")
				if added {
					t.Error("the role was added twice")
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Two transactions that take the same rows in another order both succeed.
func TestDeadlock(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			s := openOn[plain](t, kind, database(t, kind), sqlstore.Config{})
			one := &plain{Account: doorward.Account{Email: "a@example.com"}}
			if err := s.CreateUser(t.Context(), one); err != nil {
				t.Fatal(err)
			}
			two := &plain{Account: doorward.Account{Email: "b@example.com"}}
			if err := s.CreateUser(t.Context(), two); err != nil {
				t.Fatal(err)
			}
			inc := func(a *doorward.Account) error { a.LoginCount++; return nil }
			met, done := make(chan struct{}, 2), make(chan error, 2)
			both := make(chan struct{})
			for _, order := range [][2]int64{{one.ID, two.ID}, {two.ID, one.ID}} {
				go func() {
					first := true
					done <- s.InTx(t.Context(), func(ctx context.Context) error {
						if err := s.UpdateUser(ctx, &plain{ID: order[0]}, inc); err != nil {
							return err
						}
						if first {
							first = false
							met <- struct{}{}
							<-both
						}
						return s.UpdateUser(ctx, &plain{ID: order[1]}, inc)
					})
				}()
			}
			<-met
			<-met
			close(both)
			if err := errors.Join(<-done, <-done); err != nil {
				t.Fatal(err)
			}
			for _, email := range []string{"a@example.com", "b@example.com"} {
				u, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
				if err != nil || u.SecurityAccount().LoginCount != 2 {
					t.Errorf("%v %v", u, err)
				}
			}
		})
	}
}

// A statement that fails between the calls of a transaction cannot be passed
// over: PostgreSQL would take the rest back in silence.
func TestFailedReadInATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		s := openOn[plain](t, kind, database(t, kind), sqlstore.Config{})
		err := s.InTx(t.Context(), func(ctx context.Context) error {
			if err := s.CreateRole(ctx, doorward.Role{Name: "one"}); err != nil {
				return err
			}
			_, err := s.FindUser(ctx, doorward.UserQuery{Attr: "id", Value: "one"})
			if !errors.Is(err, doorward.ErrNotFound) {
				t.Error(err)
			}
			return nil
		})
		list, listErr := s.ListRoles(t.Context())
		if listErr != nil || (err == nil) != (len(list) == 1) {
			t.Errorf("%v, but there are %d roles, %v", err, len(list), listErr)
		}
	})
}

// A request costs one round trip.
func TestOneRoundTrip(t *testing.T) {
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			s, f, u, _ := broken(t, kind)
			key, n := strings.Repeat("a", 64), 0
			if err := s.CreateSession(t.Context(), doorward.Session{IDHash: key, Uniquifier: u.Uniquifier}, ""); err != nil {
				t.Fatal(err)
			}
			for name, load := range map[string]func() error{
				"LoadSession": func() error { _, _, _, err := s.LoadSession(t.Context(), key); return err },
				"LoadUser": func() error {
					_, _, err := s.LoadUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "A@example.com", AnyCase: true})
					return err
				},
				"FindUser": func() error {
					_, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
					return err
				},
			} {
				if err := load(); err != nil { // the first prepares the statement
					t.Fatal(err)
				}
				n = 0
				f.set(func(string) error { n++; return nil })
				if err := load(); err != nil || n != 1 {
					t.Errorf("%s: %d statements, %v", name, n, err)
				}
				f.set(nil)
			}
		})
	}
}

// A MySQL that would cut values off, or keeps a table without transactions, is
// refused.
func TestUnfittingMySQL(t *testing.T) {
	d := testdb.Open(t, testdb.MySQL)
	openOn[plain](t, testdb.MySQL, d.DB, sqlstore.Config{})
	lax, err := sql.Open("mysql", d.DSN+"&sql_mode=%27NO_ENGINE_SUBSTITUTION%27")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lax.Close() }()
	if _, err := sqlstore.New[plain](lax, sqlstore.MySQL, sqlstore.Config{}); err == nil || !strings.Contains(err.Error(), "cuts off") {
		t.Errorf("without strict mode: %v", err)
	}
	mustExec(t, d.DB, "DROP TABLE roles_users")
	mustExec(t, d.DB, "CREATE TABLE roles_users (user_id INTEGER, role_id INTEGER) ENGINE = MyISAM")
	if _, err := sqlstore.New[plain](d.DB, sqlstore.MySQL, sqlstore.Config{}); err == nil || !strings.Contains(err.Error(), "without transactions") {
		t.Errorf("MyISAM: %v", err)
	}
}

// A database that is read only says so.
func TestReadOnly(t *testing.T) {
	d := testdb.Open(t, testdb.Postgres)
	s := openOn[plain](t, testdb.Postgres, another(t, d), sqlstore.Config{})
	mustExec(t, d.DB, `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$`)
	disconnect(t, d)
	err := s.CreateRole(t.Context(), doorward.Role{Name: "one"})
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Error(err)
	}
	if _, err := s.FindRole(t.Context(), "one"); !errors.Is(err, doorward.ErrNotFound) {
		t.Error(err)
	}
}

// A table whose columns became wider does not make prepared statements useless.
func TestAlteredTable(t *testing.T) {
	for kind, alter := range map[string]string{
		testdb.Postgres: `ALTER TABLE "user" ALTER COLUMN email TYPE VARCHAR(320)`,
		testdb.MySQL:    "ALTER TABLE user MODIFY COLUMN email VARCHAR(320) NOT NULL",
	} {
		t.Run(kind, func(t *testing.T) {
			var db *sql.DB = database(t, kind)
			s := openOn[plain](t, kind, db, sqlstore.Config{})
			u := &plain{Account: doorward.Account{Email: "a@example.com"}}
			if err := errors.Join(s.CreateRole(t.Context(), doorward.Role{Name: "admin"}), s.CreateUser(t.Context(), u)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for what, err := range everything(t.Context(), s, u) {
					if err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
				mustExec(t, db, alter)
				mustExec(t, db, ddl(kind, `ALTER TABLE user ADD COLUMN extra_`)+fmt.Sprint(time.Now().UnixNano())+" INTEGER")
			}
		})
	}
}
