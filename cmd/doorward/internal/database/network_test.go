package database_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/internal/testdb"
)

func connect(t *testing.T, from string) (*database.Handle, error) {
	t.Helper()
	source, err := database.Parse(from)
	if err != nil {
		t.Fatal(err)
	}
	return database.Connect(t.Context(), source, database.Options{Connections: 2, Timeout: 10 * time.Second})
}

func servers(t *testing.T, f func(t *testing.T, kind string, u *url.URL)) {
	for _, kind := range []string{testdb.Postgres, testdb.MySQL} {
		t.Run(kind, func(t *testing.T) {
			u, err := url.Parse(testdb.Open(t, kind).URL)
			if err != nil {
				t.Fatal(err)
			}
			f(t, kind, u)
		})
	}
}

func TestMigratesOnce(t *testing.T) {
	servers(t, func(t *testing.T, _ string, u *url.URL) {
		h, err := connect(t, u.String())
		if err != nil {
			t.Fatal(err)
		}
		todo, err := h.Pending(t.Context())
		if err != nil || len(todo) == 0 {
			t.Errorf("%v %v", todo, err)
		}
		done, err := h.Migrate(t.Context())
		if err != nil || len(done) != len(todo) {
			t.Errorf("%v %v", done, err)
		}
		if done, err = h.Migrate(t.Context()); err != nil || len(done) != 0 {
			t.Errorf("again: %v %v", done, err)
		}
		db, err := h.Store()
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestTrouble reads what a newcomer reads who got one thing wrong.
func TestTrouble(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	servers(t, func(t *testing.T, kind string, u *url.URL) {
		for name, c := range map[string]struct {
			change func(*url.URL)
			want   string
		}{
			"no server":   {func(u *url.URL) { u.Host = gone.Addr().String() }, "there is no (PostgreSQL|MySQL) server at " + gone.Addr().String()},
			"no machine":  {func(u *url.URL) { u.Host = "no-such-host.invalid" }, `there is no machine named "no-such-host.invalid"|server at no-such-host.invalid does not answer`},
			"no database": {func(u *url.URL) { u.Path = "/no such'db" }, `has no database "no such'db"\nMake it with: (psql|mariadb) -h 127.0.0.1 -[pP] \d+ -U?u? ?(postgres|root)`},
			"no user":     {func(u *url.URL) { u.User = url.UserPassword("no-such-user", "s3cr3t") }, `does not let the user "no-such-user" in\nLook at the user and the password`},
		} {
			t.Run(name, func(t *testing.T) {
				wrong := *u
				c.change(&wrong)
				_, err := connect(t, wrong.String())
				if _, ok := errors.AsType[*database.TroubleError](err); !ok || !regexp.MustCompile(c.want).MatchString(err.Error()) {
					t.Errorf("%T %v", err, err)
				}
				if err != nil && strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("the password is in it: %v", err)
				}
			})
		}
		t.Run("a silent server", func(t *testing.T) {
			wrong := *u
			wrong.Host = silent.Addr().String()
			q := wrong.Query()
			q.Set(map[string]string{testdb.Postgres: "connect_timeout", testdb.MySQL: "timeout"}[kind], map[string]string{testdb.Postgres: "1", testdb.MySQL: "1s"}[kind])
			wrong.RawQuery = q.Encode()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			source, err := database.Parse(wrong.String())
			if err != nil {
				t.Fatal(err)
			}
			if _, err = database.Connect(ctx, source, database.Options{Connections: 2}); err == nil || !strings.Contains(err.Error(), "does not answer") {
				t.Errorf("%v", err)
			}
		})
	})
}

// A user who may not make tables is told what allows it.
func TestRights(t *testing.T) {
	for kind, c := range map[string]struct{ make, drop, grant string }{
		testdb.Postgres: {"CREATE ROLE doorward_poor LOGIN PASSWORD 's3cr3t'", "DROP ROLE doorward_poor", `ALTER DATABASE "%s" OWNER TO "doorward_poor"`},
		testdb.MySQL:    {"CREATE USER doorward_poor IDENTIFIED BY 's3cr3t'", "DROP USER doorward_poor", "GRANT ALL ON `%s`.* TO `doorward_poor`"},
	} {
		t.Run(kind, func(t *testing.T) {
			admin := testdb.Open(t, kind)
			name := "poor_" + strings.ToLower(rand.Text()[:12])
			rename := strings.NewReplacer("doorward_poor", name)
			execute(t, admin, rename.Replace(c.make))
			t.Cleanup(func() { execute(t, admin, rename.Replace(c.drop)) })
			db := testdb.Open(t, kind) // is dropped before its owner
			u, err := url.Parse(db.URL)
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword(name, "s3cr3t")

			migrate := func() error {
				h, err := connect(t, u.String())
				if err != nil {
					return err
				}
				_, err = h.Migrate(t.Context())
				return errors.Join(err, h.Close())
			}
			grant := rename.Replace(fmt.Sprintf(c.grant, strings.TrimPrefix(u.Path, "/")))
			err = migrate()
			if trouble, ok := errors.AsType[*database.TroubleError](err); !ok || !strings.Contains(trouble.Error(), "does not let the user \""+name+"\" work in") || !strings.Contains(trouble.Error(), "'"+grant+"'") {
				t.Fatalf("%v", err)
			}
			if _, err := db.ExecContext(t.Context(), grant); err != nil {
				testdb.Missing(t, "the user of the tests may not give rights to others")
			}
			if err := migrate(); err != nil {
				t.Errorf("with the right: %v", err)
			}
		})
	}
}

// A user who does not own the tables is told whose they are, and two ways out
// that lead out.
func TestOwner(t *testing.T) {
	admin := testdb.Open(t, testdb.Postgres)
	poor, owner := "poor_"+strings.ToLower(rand.Text()[:12]), "owner_"+strings.ToLower(rand.Text()[:12])
	for _, name := range []string{poor, owner} {
		execute(t, admin, "CREATE ROLE "+name+" LOGIN PASSWORD 's3cr3t'")
		t.Cleanup(func() { execute(t, admin, "DROP ROLE "+name) })
	}
	db := testdb.Open(t, testdb.Postgres) // is dropped before its roles
	u, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, db, `CREATE TABLE "user" (id SERIAL PRIMARY KEY, email VARCHAR(255), password VARCHAR(255), active BOOLEAN, fs_uniquifier VARCHAR(64))`)
	execute(t, db, `GRANT ALL ON "user" TO `+poor)
	migrate := func(as string) error {
		own := *u
		own.User = url.UserPassword(as, "s3cr3t")
		h, err := connect(t, own.String())
		if err != nil {
			return err
		}
		_, err = h.Migrate(t.Context())
		return errors.Join(err, h.Close())
	}
	wants := func(parts ...string) {
		t.Helper()
		err := migrate(poor)
		trouble, ok := errors.AsType[*database.TroubleError](err)
		if pg, has := errors.AsType[*pgconn.PgError](err); !ok || !has || pg.Code != "42501" {
			t.Fatalf("%v", err)
		}
		for _, part := range parts {
			if !strings.Contains(trouble.Error(), part) {
				t.Errorf("%q is not in: %v", part, trouble)
			}
		}
	}
	if err := migrate(poor); err == nil || strings.Contains(err.Error(), "GRANT") { // they are a superuser's
		t.Errorf("%v", err)
	}
	execute(t, db, `ALTER TABLE "user" OWNER TO `+owner)
	execute(t, db, "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO "+poor)
	grant := `GRANT "` + owner + `" TO "` + poor + `"`
	wants(`which belong to "`+owner+`"`, `Run this one command with a DATABASE_URL of "`+owner+`"`, "USAGE on all sequences", "with: psql", "'"+grant+"'")
	execute(t, db, grant)
	if err := migrate(poor); err != nil {
		t.Errorf("as a member: %v", err)
	}
}

func execute(t *testing.T, db *testdb.Database, statement string) {
	t.Helper()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// The command that an error gives works as it stands.
func TestCommandMakesTheDatabase(t *testing.T) {
	if _, err := exec.LookPath("psql"); err != nil {
		testdb.Missing(t, "there is no psql")
	}
	u, err := url.Parse(testdb.Open(t, testdb.Postgres).URL)
	if err != nil {
		t.Fatal(err)
	}
	u.Path += "_'made'"
	_, err = connect(t, u.String())
	if err == nil {
		t.Fatal("the database is there")
	}
	_, command, _ := strings.Cut(err.Error(), "Make it with: ")
	password, _ := u.User.Password()
	psql := exec.CommandContext(t.Context(), "sh", "-c", command)
	psql.Env = append(psql.Environ(), "PGPASSWORD="+password)
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v %s", command, err, out)
	}
	t.Cleanup(func() {
		again := exec.Command("sh", "-c", strings.ReplaceAll(strings.ReplaceAll(command, "CREATE", "DROP"), ` OWNER "`+u.User.Username()+`"`, ""))
		again.Env = psql.Env
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	h, err := connect(t, u.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestParametersAreRead(t *testing.T) {
	for from, want := range map[string]string{
		"postgres://ann:s3cr3t@127.0.0.1/auth?sslmode=sometimes": "cannot be used",
		"mysql://ann:s3cr3t@127.0.0.1/auth?tls=sometimes":        "parameter tls",
		"mysql://ann:s3cr3t@127.0.0.1/auth?timeout=-1s":          "parameter timeout",
		"mysql://ann:s3cr3t@127.0.0.1/auth?charset=latin1":       "parameter charset",
	} {
		if _, err := connect(t, from); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", from, err)
		}
	}
}
