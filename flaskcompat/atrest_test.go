package flaskcompat_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/sqlstore"
)

func readVectors[T any](t testing.TB, file string) (all []T) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestStoredPasswords verifies hashes of the original
// (testdata/vectors_passwords.py), with its settings.
func TestStoredPasswords(t *testing.T) {
	t.Parallel()
	hashers, count := map[[2]string]*password.Hasher{}, map[string]int{}
	for _, v := range readVectors[struct {
		Name, Scheme, Salt, Single, Password, Stored string
		Stricter, Wider                              string
		Match                                        bool
	}](t, "passwords.json") {
		key := [2]string{v.Salt, v.Single}
		if hashers[key] == nil {
			hashers[key] = hasher(t, v.Salt, v.Single)
		}
		want := (v.Match || v.Wider != "") && v.Stricter == ""
		got, err := hashers[key].Verify(t.Context(), v.Password, v.Stored)
		switch {
		case got.OK != want:
			t.Errorf("%s: %+v, %v; want OK=%v", v.Name, got, err, want)
		case v.Match == want && (v.Stricter != "" || v.Wider != ""):
			t.Errorf("%s is no exception", v.Name)
		}
		count[v.Scheme]++
	}
	for _, scheme := range readable {
		if count[scheme] < 10 {
			t.Errorf("%d cases for %s", count[scheme], scheme)
		}
	}
}

var readable = []string{"bcrypt", "argon2", "pbkdf2_sha256", "pbkdf2_sha512", "sha256_crypt", "sha512_crypt", "pbkdf2_sha1", "scrypt", "bcrypt_sha256",
	"django_argon2", "django_bcrypt", "django_bcrypt_sha256", "django_pbkdf2_sha1", "django_pbkdf2_sha256", "django_salted_sha1", "django_salted_md5", "plaintext"}

func hasher(t testing.TB, salt, single string) *password.Hasher {
	t.Helper()
	cfg := password.Config{Salt: salt, Schemes: readable, Wait: time.Minute}
	if single != "" {
		cfg.SingleHash = []string{single}
	}
	h, err := password.NewForTests(testhash.Allow(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// flaskTables makes the tables of the newest models as the original does.
func flaskTables(t testing.TB, db *testdb.Database) {
	t.Helper()
	for _, v := range readVectors[struct{ Dialect, Model, Table, Statement string }](t, "tables.json") {
		if v.Dialect != db.Kind || v.Model != "fsqla_v4" {
			continue
		}
		if _, err := db.ExecContext(t.Context(), v.Statement); err != nil {
			t.Fatalf("%s: %v", v.Table, err)
		}
	}
}

func storeOf(t testing.TB, db *testdb.Database) *sqlstore.Store[kit.User, *kit.User] {
	t.Helper()
	dialect := sqlstore.Dialect(db.Kind)
	if _, err := sqlstore.Migrate(t.Context(), db.DB, dialect, sqlstore.Config{}); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New[kit.User](db.DB, dialect, sqlstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// column is a case of columns.json.
type column struct {
	Name, Column, Kind, Postgres string
	Stricter, Wider, Unset       string
	Stored                       any
	Reads                        json.RawMessage
	Writes                       bool
}

// want is what our side has for the column, and whether anything.
func (c column) want(t testing.TB, into any) bool {
	t.Helper()
	if c.Stricter != "" || (c.Reads == nil && c.Wider == "") {
		return false
	}
	if at, is := into.(*time.Time); is {
		var text string
		err := json.Unmarshal(c.Reads, &text)
		if c.Reads == nil || text == "" {
			return true
		}
		for _, layout := range []string{"2006-01-02T15:04:05.999999", time.RFC3339Nano} {
			if *at, err = time.Parse(layout, text); err == nil {
				*at = at.UTC()
				return true
			}
		}
		t.Fatal(err)
	}
	if err := json.Unmarshal(c.Reads, into); err != nil {
		t.Fatal(err)
	}
	return true
}

// raw is the stored value as the driver takes it.
func (c column) raw() any {
	if n, is := c.Stored.(float64); is {
		return int64(n)
	}
	return c.Stored
}

// TestStoredColumns reads through the store what the original wrote into a
// database of SQLite, and writes the same again.
func TestStoredColumns(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.SQLite)
	flaskTables(t, db)
	store := storeOf(t, db)
	count := map[string]int{}
	for i, c := range readVectors[column](t, "columns.json") {
		count[c.Column]++
		t.Run(fmt.Sprintf("%s: %s", c.Column, c.Name), func(t *testing.T) {
			if c.Column == "role.permissions" {
				c.role(t, db, store, fmt.Sprint("role ", i))
				return
			}
			c.user(t, db, store, fmt.Sprint(i, "@example.org"))
		})
	}
	for name, least := range map[string]int{"user.confirmed_at": 10, "role.permissions": 10, "user.mf_recovery_codes": 10, "user.us_totp_secrets": 10, "user.active": 2} {
		if count[name] < least {
			t.Errorf("%d cases for %s", count[name], name)
		}
	}
}

func (c column) role(t *testing.T, db *testdb.Database, store doorward.RoleStore, name string) {
	ctx := t.Context()
	exec(t, db, `INSERT INTO role (name, permissions) VALUES (?, ?)`, name, c.raw())
	role, err := store.FindRole(ctx, name)
	var want []string
	if !c.want(t, &want) || err != nil || !slices.Equal(role.Permissions, want) {
		t.Fatalf("%q, %v; want %q", role.Permissions, err, want)
	}
	if !c.Writes {
		return
	}
	exec(t, db, `UPDATE role SET permissions = 'other' WHERE name = ?`, name)
	if err := store.UpdateRole(ctx, name, func(r *doorward.Role) error { r.Permissions = want; return nil }); err != nil {
		if slices.ContainsFunc(want, func(s string) bool { return strings.ContainsAny(s, "\t") }) {
			return // refused in what is new
		}
		t.Fatal(err)
	}
	c.check(t, db, `SELECT typeof(permissions), +permissions FROM role WHERE name = ?`, name)
}

func (c column) user(t *testing.T, db *testdb.Database, store *sqlstore.Store[kit.User, *kit.User], email string) {
	ctx := t.Context()
	name := strings.TrimPrefix(c.Column, "user.")
	exec(t, db, `INSERT INTO user (email, password, active, fs_uniquifier, update_datetime) VALUES (?, '', 1, ?, CURRENT_TIMESTAMP)`, email, email)
	exec(t, db, `UPDATE user SET `+name+` = ? WHERE email = ?`, c.raw(), email)
	got, err := store.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: email})
	want := new(kit.User)
	readable := c.want(t, field(&want.Account, name))
	if err != nil {
		if readable {
			t.Fatal(err)
		}
		return
	}
	have := field(&got.(*kit.User).Account, name)
	if same := reflect.DeepEqual(normal(have), normal(field(&want.Account, name))); same != readable {
		t.Fatalf("%v, want %v, readable: %v", reflect.ValueOf(have).Elem(), reflect.ValueOf(field(&want.Account, name)).Elem(), readable)
	}
	if !c.Writes || !readable {
		return
	}
	other := map[string]any{"confirmed_at": "2000-01-01 00:00:00.000000", "us_totp_secrets": `{"o":"o"}`, "active": c.raw() == int64(0), "login_count": 99}[name]
	if other == nil {
		other = "other"
	}
	exec(t, db, `UPDATE user SET `+name+` = ? WHERE email = ?`, other, email)
	err = store.UpdateUser(ctx, got, func(a *doorward.Account) error {
		reflect.ValueOf(field(a, name)).Elem().Set(reflect.ValueOf(field(&want.Account, name)).Elem())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.check(t, db, `SELECT typeof(`+name+`), +`+name+` FROM user WHERE email = ?`, email)
}

// check compares what is stored with what the original writes. Emptiness may be
// NULL, and JSON is spelt in more than one way: the original reads either.
func (c column) check(t *testing.T, db *testdb.Database, query, key string) {
	t.Helper()
	var kind string
	var stored any
	if err := db.QueryRowContext(t.Context(), query, key).Scan(&kind, &stored); err != nil {
		t.Fatal(err)
	}
	if b, is := stored.([]byte); is {
		stored = string(b)
	}
	want := c.raw()
	switch {
	case stored == nil && (want == nil || want == "" || c.Unset != ""):
	case c.Column == "user.login_count" && want == nil && stored == int64(0):
	case c.Column == "user.us_totp_secrets" && c.Writes:
		var a, b map[string]string
		if json.Unmarshal([]byte(fmt.Sprint(stored)), &a) != nil || json.Unmarshal([]byte(fmt.Sprint(want)), &b) != nil || !maps.Equal(a, b) {
			t.Errorf("written %v, want %v", stored, want)
		}
	case kind != c.Kind || stored != want:
		t.Errorf("written %s %#v, the original has %s %#v", kind, stored, c.Kind, want)
	}
}

// field is a pointer to the field of a column.
func field(a *doorward.Account, name string) any {
	return map[string]any{
		"confirmed_at": &a.ConfirmedAt, "mf_recovery_codes": &a.RecoveryCodes, "us_totp_secrets": &a.USTOTPSecrets,
		"active": &a.Active, "login_count": &a.LoginCount, "last_login_ip": &a.LastLoginIP,
	}[name]
}

// normal makes empty values of a kind alike.
func normal(field any) any {
	switch v := field.(type) {
	case *time.Time:
		return v.UTC()
	case *[]string:
		return strings.Join(*v, ",")
	case *map[string]string:
		if len(*v) == 0 {
			return map[string]string(nil)
		}
		return *v
	}
	return reflect.ValueOf(field).Elem().Interface()
}

// TestTimesOnPostgres reads what psycopg sent to PostgreSQL, and writes it.
func TestTimesOnPostgres(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.Postgres)
	flaskTables(t, db)
	store := storeOf(t, db)
	const email = "ann@example.org"
	exec(t, db, `INSERT INTO "user" (email, active, fs_uniquifier, update_datetime) VALUES ($1, true, $1, now())`, email)
	for _, c := range readVectors[column](t, "columns.json") {
		name := strings.TrimPrefix(c.Column, "user.")
		if c.Postgres == "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			exec(t, db, `UPDATE "user" SET `+name+` = '`+c.Postgres+`'`)
			u, err := store.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
			if err != nil {
				t.Fatal(err)
			}
			var want doorward.Account
			if !c.want(t, field(&want, name)) {
				t.Fatal("no value")
			}
			if have := field(&u.(*kit.User).Account, name); !reflect.DeepEqual(normal(have), normal(field(&want, name))) {
				t.Fatalf("%v, want %v", normal(have), normal(field(&want, name)))
			}
			if c.Unset != "" {
				return
			}
			exec(t, db, `UPDATE "user" SET confirmed_at = '2000-01-01', active = NOT active`)
			if err := store.UpdateUser(t.Context(), u, func(a *doorward.Account) error {
				reflect.ValueOf(field(a, name)).Elem().Set(reflect.ValueOf(field(&want, name)).Elem())
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			var same bool
			if err := db.QueryRowContext(t.Context(), `SELECT `+name+` = '`+c.Postgres+`' FROM "user"`).Scan(&same); err != nil || !same {
				t.Errorf("another value was written: %v", err)
			}
		})
	}
}

func exec(t testing.TB, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}
