package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"
)

const benchUsers = 100_000

func benchID(i int) string { return fmt.Sprintf("%064x", i) }

// fill makes users with sessions; each has two of five roles.
func fill(tb testing.TB, db *sql.DB, n int) {
	tb.Helper()
	tx, err := db.Begin()
	if err != nil {
		tb.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO role (id, name, permissions) VALUES (1,'a','read,write'),(2,'b','read'),(3,'c',''),(4,'d',''),(5,'e','admin-x,admin-y')`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < @n)
		 INSERT INTO user (id, email, username, password, active, fs_uniquifier, confirmed_at, login_count, fs_webauthn_user_handle)
		 SELECT i, 'U'||i||'@example.com', 'user'||i, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 1, printf('%032x', i), '2026-01-02 03:04:05.000000', 3, 'h'||i FROM n`,
		`INSERT INTO roles_users SELECT id, 1 FROM user`, `INSERT INTO roles_users SELECT id, 2 + id % 4 FROM user`,
		`INSERT INTO doorward_session SELECT printf('%064x', id), fs_uniquifier, 1, 9, '1 1 true  password', 1, '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64)' FROM user`,
	} {
		if _, err := tx.Exec(q, sql.Named("n", n)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		tb.Fatal(err)
	}
	mustExec(tb, db, "ANALYZE")
}

// BenchmarkLoad compares what a request costs with a bare statement that scans
// the same columns of the user alone.
func BenchmarkLoad(b *testing.B) {
	db := openDB(b)
	s := open[plain](b, db, sqlstore.Config{})
	fill(b, db, benchUsers)
	ctx := context.Background()
	floor, err := db.Prepare(`SELECT id, email, username, active, fs_uniquifier, confirmed_at FROM user WHERE fs_uniquifier = ?`)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		f    func(i int) error
	}{
		{"floor", func(i int) error {
			u := new(plain)
			var name sql.NullString
			var at sql.NullTime
			return floor.QueryRowContext(ctx, fmt.Sprintf("%032x", i)).Scan(&u.ID, &u.Email, &name, &u.Active, &u.Uniquifier, &at)
		}},
		{"LoadSession", func(i int) error { _, _, _, err := s.LoadSession(ctx, benchID(i)); return err }},
		{"LoadUser", func(i int) error {
			_, _, err := s.LoadUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: fmt.Sprintf("%032x", i)})
			return err
		}},
		{"FindUser", func(i int) error {
			_, err := s.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: fmt.Sprintf("U%d@example.com", i)})
			return err
		}},
		{"FindUser any case", func(i int) error {
			_, err := s.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: fmt.Sprintf("u%d@example.com", i), AnyCase: true})
			return err
		}},
		{"UpdateUser", func(i int) error {
			return s.UpdateUser(ctx, &plain{ID: int64(i)}, func(a *doorward.Account) error { a.LoginCount++; a.CurrentLoginAt = time.Now(); return nil })
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i += 7919
				if err := c.f(i%benchUsers + 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
