package database_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/database"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"sqlite:doorward.db":                                               "sqlite:doorward.db",
		"sqlite:/var/lib/ann@home.db":                                      "sqlite:/var/lib/ann@home.db",
		"postgres://ann@db/auth":                                           "postgres://ann@db/auth",
		"postgresql://ann:hush@db:5433/auth":                               "postgres://ann@db:5433/auth",
		"postgres://ann:hu@sh%2F@db/auth?sslmode=require":                  "postgres://ann@db/auth",
		"postgres://a%40b:hush@[::1]:5432/auth":                            "postgres://a%40b@[::1]:5432/auth",
		"postgres://ann:hush@a:1,b:2/auth?target_session_attrs=read-write": "postgres://ann@a:1,b:2/auth",
		"postgres://ann@/auth?host=/run/postgresql":                        "postgres://ann@/auth",
		"mysql://ann:hush@db/auth?charset=utf8mb4":                         "mysql://ann@db/auth",
		"mariadb://ann:hush@db:3307/auth":                                  "mysql://ann@db:3307/auth",
		"mysql://ann@/auth?socket=/run/mysqld.sock":                        "mysql://ann@/auth",
	} {
		source, err := database.Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if source.String() != want || source.HasPassword() != strings.Contains(in, "hu") || source.Shared() == strings.HasPrefix(in, "sqlite") {
			t.Errorf("%s: %s, password %t, shared %t", in, source, source.HasPassword(), source.Shared())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                            "names no kind",
		"doorward.db":                                 "names no kind",
		"oracle://ann:hush@db/auth":                   `not supported: "oracle"`,
		"postgresql+psycopg2://ann:hush@db/auth":      "not supported",
		"sqlite:":                                     "names no file",
		"sqlite::memory:":                             "names no file",
		"sqlite:///x.db":                              "slashes",
		"postgres:ann:hush@db/auth":                   "no //",
		"postgres://db/auth":                          "names no user",
		"postgres://:hush@db/auth":                    "names no user",
		"postgres://ann:hush@/auth":                   "names no host",
		"postgres://ann:hush@db":                      "names no database",
		"postgres://ann:hush@db/":                     "names no database",
		"postgres://ann:hush@db/a/b":                  "names no database",
		"postgres://ann:hu/sh@db/auth":                "written otherwise",
		"postgres://ann:hu#sh@db/auth":                "written otherwise",
		"postgres://ann:hu%zzsh@db/auth":              "written otherwise",
		"postgres://ann:hush%00@db/auth":              "written otherwise",
		"postgres://ann:hu?sh@db/auth":                "names no user",
		"postgres://ann:hush@db:many/auth":            "host or port",
		"postgres://ann:hush@db:1,,b:2/auth":          "host or port",
		"postgres://ann:hush@db/auth?options=-c":      "not supported",
		"postgres://ann@db/auth?password=hush":        "not supported",
		"postgres://ann@db/auth?sslmode=":             "without a value",
		"postgres://ann@db/auth?sslmode=a;b=%hush":    "cannot be read",
		"postgres://ann@db/auth?host=other":           "socket",
		"mysql://ann:hush@tcp(127.0.0.1:3306)/db":     "host or port",
		"mysql://ann:hush@a,b/auth":                   "several hosts",
		"mysql://ann:hush@db/auth?allowAllFiles=true": "not supported",
		"mysql://ann:hush@db/auth?sslmode=require":    "not supported",
	} {
		source, err := database.Parse(in)
		wrong, ok := errors.AsType[*database.URLError](err)
		if !ok || source != nil && err == nil {
			t.Errorf("%s: %v %v", in, source, err)
			continue
		}
		if !strings.Contains(wrong.Problem, want) || wrong.Hint == "" || strings.Contains(wrong.Problem+wrong.Hint, "hu") && strings.Contains(in, "hu") {
			t.Errorf("%s: %s (%s)", in, wrong.Problem, wrong.Hint)
		}
	}
}

func TestInTheClear(t *testing.T) {
	for in, want := range map[string]bool{
		"sqlite:x.db":                                false,
		"postgres://ann@localhost/auth":              false,
		"postgres://ann@127.0.0.1:5432/auth":         false,
		"postgres://ann@[::1]/auth":                  false,
		"postgres://ann@/auth?host=/run":             false,
		"postgres://ann@db/auth":                     true,
		"postgres://ann@localhost,db/auth":           true,
		"postgres://ann@db/auth?sslmode=prefer":      true,
		"postgres://ann@db/auth?sslmode=verify-full": false,
		"mysql://ann@10.0.0.7/auth":                  true,
		"mysql://ann@10.0.0.7/auth?tls=preferred":    true,
		"mysql://ann@10.0.0.7/auth?tls=true":         false,
	} {
		if source, err := database.Parse(in); err != nil || source.InTheClear() != want {
			t.Errorf("%s: %v %v", in, source, err)
		}
	}
}

// The password is whatever stands between the first colon and the last @.
func FuzzPasswordIsNeverRepeated(f *testing.F) {
	for _, in := range []string{"hush", "hu@sh", "hu/sh", "hu:sh", "hu?sh=x", "?&@", "hu%2fsh", "hu#sh", "@", "]["} {
		f.Add("postgres", in, "db:5432/auth")
		f.Add("mysql", in, "db/auth?tls=true")
	}
	f.Fuzz(func(t *testing.T, scheme, password, where string) {
		const mark = "s3cr3t"
		if strings.Contains(scheme+where, mark) || strings.ContainsAny(where, "@") {
			t.Skip()
		}
		source, err := database.Parse(scheme + "://ann:" + mark + password + mark + "@" + where)
		if err != nil {
			wrong, ok := errors.AsType[*database.URLError](err)
			if !ok || strings.Contains(wrong.Problem+wrong.Hint, mark) {
				t.Errorf("%#v", err)
			}
			return
		}
		if source.Shared() && strings.Contains(source.String(), mark) {
			t.Errorf("%s", source)
		}
	})
}
