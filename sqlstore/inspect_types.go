package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

// byDatabase is what a column needs that SQLAlchemy alone fills.
const byDatabase = "give it a default in the database (server_default in SQLAlchemy: with default it fills the column itself, and nobody else does)"

// fitUsers compares the user table with the type of users, as New would after
// Migrate.
func (in *inspector) fitUsers(ctx context.Context, q querier) error {
	in.unfit = map[string]bool{}
	for i := range in.want.Columns {
		c := &in.want.Columns[i]
		if at := slices.IndexFunc(in.users, named(c.Name)); at >= 0 {
			in.fitColumn(c, in.users[at])
		} else if !c.Optional && !slices.ContainsFunc(modelColumns(), func(m modelColumn) bool { return m.name == c.Name }) {
			in.noColumn(c.Name)
		}
	}
	keys := 0
	for _, have := range in.users {
		if have.key {
			keys++
		}
		if have.notNull && !have.filled && !have.key && in.want.Find(have.name) == nil {
			in.misfit(byDatabase+", or let it be NULL: then accounts can be made that have none",
				"%s.%s is NOT NULL and has no default, and nothing here fills it", in.cfg.Users, have.name)
		}
	}
	if keys > 1 {
		in.misfit("a user is one value of one column", "the primary key of %s has %d columns", in.cfg.Users, keys)
	}
	if problem, hint, err := in.d.unfitting(ctx, q, in.cfg.Users); err != nil {
		return in.wrap(err)
	} else if problem != "" {
		in.misfit(hint, "%s", problem)
	}
	return in.fitZone(ctx, q)
}

// noColumn is about a column that is not Migrate's to add.
func (in *inspector) noColumn(name string) {
	hint := "add it to the table"
	if name == "fs_uniquifier" {
		hint = "every user needs one, and rows are not changed here: upgrade the application to Flask-Security 4 or later first, whose documentation says how to fill it"
	}
	in.misfit(hint, "%s has no column %s", in.cfg.Users, name)
}

func (in *inspector) fitColumn(c *columns.Column, have tableColumn) {
	if c.Key {
		if e, ok := errors.AsType[*doorward.ConfigError](fitKey(in.cfg.Users, c, have)); ok {
			in.misfit(e.Hint, "%s", e.Problem)
		}
		return
	}
	in.fitType(in.cfg.Users, have, familyOf(c.Type()))
	if have.notNull && !have.filled && slices.Contains([]string{"username", "us_phone_number", "fs_webauthn_user_handle"}, c.Name) {
		in.warn(1, "let it be NULL", "%s.%s is NOT NULL: who has none gets an empty text, and if it is unique as well only one can", in.cfg.Users, c.Name)
	}
}

// fitType reports a column of another type, or one too short for what is
// written to it. SQLite holds any text in a text column, however short it is
// declared.
func (in *inspector) fitType(table string, have tableColumn, want family) {
	f, length := in.familyOf(have.kind)
	if in.matches(f, want) {
		if n := shortest()[have.name]; want == ofText && length > 0 && length < n && !in.d.embedded {
			in.misfit("make it VARCHAR(255), or what the newest model says", "%s.%s is %s: what is stored there has up to %d characters", table, have.name, have.kind, n)
		} else if have.name == "email" && length > 0 && length < 254 && !in.d.embedded {
			in.warn(1, "make it VARCHAR(255)", "%s.email is %s: longer addresses, which there are, cannot be stored", table, have.kind)
		}
		return
	}
	in.unfit[table+"."+have.name] = true
	in.misfit(typeHint(f, want), "%s.%s is %s, and should be %s", table, have.name, cmp.Or(have.kind, "without a type"), want)
}

func typeHint(have, want family) string {
	switch {
	case want == ofTime:
		return "change the column and its values in the application, to DATETIME or TIMESTAMP in UTC as Flask-Security's models have it"
	case have == ofOther && want == ofText:
		return "lists are text joined by commas, and the rest is plain text: change the column and its values in the application"
	}
	return "change the column in the application, with a migration of its own"
}

// shortest is how many characters columns must hold at least: what is written
// to them, whoever the user is.
func shortest() map[string]int {
	return map[string]int{
		"email": 64, "fs_uniquifier": 32, "fs_token_uniquifier": 32, "password": 128, "username": 32,
		"last_login_ip": 45, "current_login_ip": 45, "tf_primary_method": 13, "tf_totp_secret": 255, "tf_phone_number": 16,
		"us_totp_secrets": 1024, "us_phone_number": 16, "fs_webauthn_user_handle": 32, "mf_recovery_codes": 1024, "name": 32, "permissions": 255,
	}
}

// family is what types of columns have in common. "" is one that takes anything.
type family string

const (
	ofText   family = "a text (VARCHAR, TEXT)"
	ofNumber family = "an integer"
	ofTruth  family = "BOOLEAN"
	ofTime   family = "a date and time"
	ofOther  family = "something else"
)

// familyOf is what a field needs. Types that store themselves know themselves.
func familyOf(t reflect.Type) family {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return ofTime
	case reflect.TypeFor[[]string](), reflect.TypeFor[map[string]string]():
		return ofText
	}
	if t.PkgPath() != "" {
		return ""
	}
	switch t.Kind() {
	case reflect.String:
		return ofText
	case reflect.Bool:
		return ofTruth
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return ofNumber
	}
	return ""
}

// familyOf reads the type of a column, and the length of a text. An integer is a
// boolean where the database knows no other.
func (in *inspector) familyOf(kind string) (f family, length int) {
	name, rest, _ := strings.Cut(strings.ToUpper(kind), "(")
	digits, _, _ := strings.Cut(rest, ")")
	length, _ = strconv.Atoi(digits)
	words := strings.Fields(name)
	if len(words) == 0 {
		return map[bool]family{true: "", false: ofOther}[in.d.embedded], 0
	}
	switch first := words[0]; {
	case strings.Contains(kind, "["): // an array of PostgreSQL's
		return ofOther, 0
	case strings.HasPrefix(name, "CHARACTER VARYING"), strings.HasSuffix(first, "VARCHAR"), first == "VARCHAR2", strings.HasSuffix(first, "TEXT"), first == "CLOB":
		if first == "TINYTEXT" {
			length = 255
		}
		return ofText, length
	case first == "CHAR" || first == "NCHAR" || first == "CHARACTER":
		if in.d.dir == "postgres" { // it is filled up with spaces
			return ofOther, 0
		}
		return ofText, length
	case strings.HasPrefix(first, "DATETIME"), strings.HasPrefix(first, "TIMESTAMP"):
		return ofTime, 0
	case first == "BOOLEAN", first == "BOOL":
		return ofTruth, 0
	case strings.HasSuffix(first, "INT"), strings.HasPrefix(first, "INT"), strings.HasSuffix(first, "SERIAL"):
		return ofNumber, 0
	case first == "CITEXT":
		return ofText, 0
	}
	return ofOther, 0
}

// matches reports whether a column of one family holds what another needs.
func (in *inspector) matches(have, want family) bool {
	return have == want || have == "" || want == "" ||
		want == ofTruth && have == ofNumber && in.d.dir != "postgres" || // 0 and 1
		want == ofNumber && have == ofTruth && in.d.embedded
}

// fitZone warns of a server that takes what Flask-Security writes to be another
// time than it is.
func (in *inspector) fitZone(ctx context.Context, q querier) error {
	zoned := slices.IndexFunc(in.users, func(c tableColumn) bool { return strings.HasSuffix(c.kind, "with time zone") })
	if in.d.dir != "postgres" || zoned < 0 {
		return nil
	}
	var zone string
	if err := q.QueryRowContext(ctx, "SELECT current_setting('TimeZone')").Scan(&zone); err != nil {
		return in.wrap(err)
	}
	if !slices.Contains([]string{"UTC", "ETC/UTC", "GMT", "ETC/GMT", "UCT", "ETC/UCT", "ZULU", "UNIVERSAL"}, strings.ToUpper(zone)) {
		in.warn(1, "set timezone = 'UTC' for the database or for the application's user",
			"%s.%s is with time zone, and the server's zone is %s: Flask-Security writes UTC without saying so, which the server then shifts", in.cfg.Users, in.users[zoned].name, zone)
	}
	return nil
}

// fitRoles looks at the tables of roles, where they are.
func (in *inspector) fitRoles(ctx context.Context, q querier) error {
	roleColumns := []string{"name", "description", "permissions"}
	for _, of := range []struct {
		table string
		must  []string
	}{{in.cfg.Roles, []string{"id", "name"}}, {in.cfg.RolesUsers, []string{"user_id", "role_id"}}} {
		have, err := in.d.columns(ctx, q, of.table)
		if err != nil {
			return in.wrap(err)
		}
		for _, name := range of.must {
			if len(have) > 0 && !slices.ContainsFunc(have, named(name)) {
				in.misfit("give it one, or name another table in the configuration", "%s has no column %s", of.table, name)
			}
		}
		for _, c := range have {
			if of.table == in.cfg.Roles && slices.Contains(roleColumns, c.name) {
				in.fitType(of.table, c, ofText)
			}
			must := c.notNull && !c.filled && !c.key && !slices.Contains(of.must, c.name)
			if of.table == in.cfg.Roles && must && !slices.Contains(roleColumns, c.name) {
				in.warn(1, byDatabase+", or let it be NULL", "%s.%s is NOT NULL and has no default: roles that are there work, and none can be made here", of.table, c.name)
			}
			if of.table == in.cfg.RolesUsers && must {
				in.misfit(byDatabase+", or let it be NULL", "%s.%s is NOT NULL and has no default, and nothing here fills it", of.table, c.name)
			}
		}
	}
	return nil
}
