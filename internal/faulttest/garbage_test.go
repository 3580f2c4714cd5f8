package faulttest_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
)

// garbage is what no program wrote there. What a database does not take into a
// column is left out.
func garbage() []any {
	return []any{
		nil, "", int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), 1e300, "garbage", "true", "yes", "2", "-0.5",
		[]byte{0xff, 0, 0xfe}, "\xc3(", strings.Repeat("x", 1<<20), strings.Repeat("a,", 1<<10), "0000-00-00 00:00:00", "0001-01-01 00:00:00",
		"9999-12-31 23:59:59.999999", "infinity", "-infinity", "a\x1fb\x1e1\x1ec", "\x1b[2J\ntime=now level=ERROR msg=forged",
		"1936785600000000 0 tr", "1936785600000000 0 true", "{\"a\":", strings.Repeat("0", 64), ",,,",
	}
}

// loosen takes the constraints from the tables, as far as that can be done.
func loosen(t *testing.T, db *testdb.Database) {
	t.Helper()
	do := func(query string) {
		if _, err := db.ExecContext(t.Context(), query); err != nil && db.Kind == testdb.SQLite {
			t.Fatalf("%s: %v", query, err)
		}
	}
	db.SetMaxOpenConns(1) // for the PRAGMA
	defer db.SetMaxOpenConns(0)
	if db.Kind == testdb.SQLite {
		do("PRAGMA foreign_keys = 0")
		defer do("PRAGMA foreign_keys = 1")
	}
	for _, name := range tables(t, db) {
		table := quote(db, name)
		if db.Kind != testdb.SQLite {
			for _, column := range read(t, db, "SELECT * FROM "+table+" WHERE 1 = 0").columns {
				do("ALTER TABLE " + table + " ALTER COLUMN " + quote(db, column) + " DROP NOT NULL") // PostgreSQL only
			}
			continue
		}
		var columns []string
		for _, row := range read(t, db, "SELECT name, type, pk FROM pragma_table_info('"+name+"')").rows {
			def := quote(db, text(row[0])) + " " + text(row[1])
			if text(row[2]) == "1" { // which is no reason against NULL here, unless it is a number
				def += " PRIMARY KEY"
			}
			columns = append(columns, def)
		}
		do("DROP TABLE " + table)
		do("CREATE TABLE " + table + " (" + strings.Join(columns, ", ") + ")")
	}
}

// victim is joe with everything by which he can come in.
type victim struct {
	*world
	session, remembered, well *kit.Browser
	token, basic              string
	failed, told              int // requests with a 5xx, and lines about them: the same trouble is not told every time
}

func newVictim(t *testing.T, kind string) *victim {
	t.Helper()
	v := &victim{world: newWorldOn(t, kind, func(db *testdb.Database) { loosen(t, db) })}
	v.session, v.remembered = v.api("one"), v.signedIn("two")
	v.session.LoginAs(v.joe)
	v.remembered.Close()
	v.token = v.AuthToken(v.joe)
	v.basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(joe+":"+kit.Password))
	u := v.NewUser(ann)
	v.well = v.api("well")
	v.well.LoginAs(u)
	v.api("guesser").PostJSON("/login", kit.Fields{"email": joe, "password": "not it"})
	v.saved = dump(t, v.db)
	return v
}

// where says which rows are joe's.
func (v *victim) where(table string) string {
	acc := v.joe.(*kit.User)
	switch {
	case table == "user":
		return fmt.Sprint("id = ", acc.ID)
	case table == "role":
		return "name = 'reader'"
	case table == "roles_users":
		return fmt.Sprint("user_id = ", acc.ID)
	case strings.HasSuffix(table, "_session"), strings.HasSuffix(table, "_remember"):
		return "fs_uniquifier = '" + acc.Uniquifier + "'"
	}
	return "1 = 1"
}

// TestGarbageInTheTables: whatever stands in a column of joe's rows, every
// request is answered, with at most one line for the operator; joe is joe or
// nobody, and the others do not notice.
func TestGarbageInTheTables(t *testing.T) {
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			if testing.Short() && kind != testdb.SQLite {
				t.Skip("the same on a server")
			}
			names := tables(t, newVictim(t, kind).db)
			for _, name := range names {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					v := newVictim(t, kind)
					i := slices.IndexFunc(v.saved, func(tb table) bool { return tb.name == name })
					tried := 0
					for _, column := range v.saved[i].columns {
						before := tried
						for _, value := range garbage() {
							if v.spoil(t, name, column, value, tried == before) {
								tried++
							}
						}
					}
					if tried == 0 && len(v.saved[i].rows) > 0 {
						t.Error("nothing could be stored")
					}
					if err := v.settled(); err != nil {
						t.Error(err)
					}
					if v.failed > 0 && v.told == 0 {
						t.Errorf("%d requests failed and the operator was not told", v.failed)
					}
					t.Logf("%d values, %d answers of 5xx", tried, v.failed)
				})
			}
		})
	}
}

// spoil stores one value and sends everything there is to send; what others
// send, with the first value of a column only.
func (v *victim) spoil(t *testing.T, table, column string, value any, first bool) bool {
	t.Helper()
	restore(t, v.db, v.saved)
	query := "UPDATE " + quote(v.db, table) + " SET " + quote(v.db, column) + " = " + mark(v.db, 1) + " WHERE " + v.where(table)
	res, err := v.db.ExecContext(t.Context(), query, value)
	if err != nil {
		return false
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false
	}
	what := fmt.Sprintf("%s.%s = %.40q", table, column, fmt.Sprint(value))
	v.visits(t, what, table, column, value, first || strings.HasSuffix(table, "role") || strings.HasSuffix(table, "guess"))
	return true
}

func (v *victim) visits(t *testing.T, what, table, column string, value any, others bool) {
	t.Helper()
	page := "/doorwardtest/whoami"
	in := map[string]bool{}
	see := func(by string, r *kit.Response) {
		email, _ := r.JSONAt("email").(string)
		in[by] = email != ""
		if email != "" && email != joe && column != "email" || email == ann {
			t.Errorf("%s: by %s it is %.60q", what, by, email)
		}
	}
	ask := func(by string, send func() *kit.Response) *kit.Response {
		since := len(v.Logs.String())
		r := send()
		if !slices.Contains([]int{200, 302, 400, 401, 403, 404, 429, 500, 503}, r.Status) {
			t.Errorf("%s: by %s %d %.200s", what, by, r.Status, r.Body)
		}
		told := errorLines(v.Logs.String()[since:])
		v.told += len(told)
		if r.Status >= 500 {
			v.failed++
		}
		if len(told) > 1 || strings.Contains(strings.Join(told, ""), "panic") {
			t.Errorf("%s: by %s %d, logged %.600q", what, by, r.Status, told)
		}
		for line := range strings.Lines(v.Logs.String()[since:]) {
			if !strings.HasPrefix(line, "time=20") || len(line) > 8<<10 {
				t.Errorf("%s: by %s a line of %d bytes: %.200q", what, by, len(line), line)
			}
		}
		return r
	}
	see("session", ask("session", func() *kit.Response { return v.session.Clone().Get(page) }))
	see("remember", ask("remember", func() *kit.Response { return v.remembered.Clone().Get(page) }))
	see("token", ask("token", func() *kit.Response { return v.api("program").Get(page, "Authentication-Token", v.token) }))
	see("basic", ask("basic", func() *kit.Response { return v.api("program").Get("/sessions", "Authorization", v.basic) }))
	ask("sessions page", func() *kit.Response { return v.session.Clone().Get("/sessions") })
	visitor := v.api("visitor")
	visitor.CSRF("/login")
	r := ask("sign in", func() *kit.Response {
		return visitor.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password})
	})
	in["sign in"] = r.Status == http.StatusOK
	for by, is := range in {
		if is && !mayEnter(v.db.Kind, table, column, value, by) {
			t.Errorf("%s: signed in by %s", what, by)
		}
	}
	if got := v.well.Clone().WhoAmI(); got != ann {
		t.Errorf("%s: ann is %q", what, got)
	}
	if !others {
		return
	}
	if column != "email" && !strings.Contains(table, "guess") { // one address, and one count for it
		other := v.api("other")
		other.Addr = "198.51.100.7:4000"
		other.CSRF("/login")
		if r := ask("ann's sign-in", func() *kit.Response {
			return other.PostJSON("/login", kit.Fields{"email": ann, "password": kit.Password})
		}); r.Status != http.StatusOK {
			t.Errorf("%s: ann cannot sign in: %d %.200s", what, r.Status, r.Body)
		}
	}
	if table != "role" { // of which every newcomer gets one
		newcomer := v.api("newcomer")
		newcomer.CSRF("/register")
		if r := ask("register", func() *kit.Response {
			return newcomer.PostJSON("/register", kit.Fields{"email": eve, "password": kit.Password, "password_confirm": kit.Password})
		}); r.Status != http.StatusOK {
			t.Errorf("%s: nobody can register: %d %.200s", what, r.Status, r.Body)
		}
	}
}

// mayEnter says which of the ways in a value may leave open.
func mayEnter(kind, table, column string, value any, by string) bool {
	number, isNumber := value.(int64)
	switch table + "." + column {
	case "user.active":
		return value == "true" || kind == testdb.Postgres && value == "yes" // PostgreSQL takes that for true
	case "user.fs_uniquifier":
		return by == "basic" || by == "sign in"
	case "user.password":
		return by != "basic" && by != "sign in"
	case "doorward_session.expires_at":
		return by != "session" || isNumber && number > 0 || value == 1e300
	case "doorward_session.facts", "doorward_session.id_hash", "doorward_session.fs_uniquifier":
		return by != "session" || value == "1936785600000000 0 true"
	case "doorward_remember.expires_at":
		return by != "remember" || isNumber && number > 0 || value == 1e300
	case "doorward_remember.verifier", "doorward_remember.selector", "doorward_remember.fs_uniquifier":
		return by != "remember"
	}
	return true
}

// TestGarbageOnTheCommandLine: an operator who looks at such rows sees them, or
// what is wrong, and nothing that his terminal would act upon.
func TestGarbageOnTheCommandLine(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many programs")
	}
	v := newVictim(t, testdb.SQLite)
	s := prepare(t, v.db.URL, filepath.Join(t.TempDir(), "secrets"))
	commands := map[string][][]string{
		"user": {{"users", "list"}, {"users", "show", joe}}, "role": {{"roles", "list"}, {"users", "show", joe}},
		"roles_users": {{"users", "show", joe}}, "doorward_session": {{"sessions", "list", joe}},
	}
	for _, tb := range v.saved {
		for _, column := range tb.columns {
			for _, value := range []any{nil, "\x1b[2J\ngarbage", []byte{0xff, 0, 0xfe}, int64(-1)} {
				restore(t, v.db, v.saved)
				if _, err := v.db.ExecContext(t.Context(), "UPDATE "+quote(v.db, tb.name)+" SET "+quote(v.db, column)+" = ? WHERE "+v.where(tb.name), value); err != nil {
					continue
				}
				for _, args := range commands[tb.name] {
					out, code := s.operate(args...)
					told := strings.Count(out, "doorward: ")
					if code > 2 || strings.Contains(out, "goroutine") || strings.ContainsAny(out, "\x1b\x00") || !utf8.ValidString(out) || code == 0 && told > 0 || code != 0 && told != 1 {
						t.Errorf("%s.%s = %q: %v: %d %q", tb.name, column, fmt.Sprint(value), args, code, out)
					}
				}
			}
		}
	}
}
