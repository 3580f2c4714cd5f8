package sqlstore

import (
	"context"
	"database/sql"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/doorward/doorward/internal/anycase"
	"github.com/doorward/doorward/internal/columns"
)

// uniquifierLength is that of the columns of our own tables on servers.
const uniquifierLength = 255

// readUsers takes one look at every user, and keeps counts.
func (in *inspector) readUsers(ctx context.Context, q querier) error {
	var list []*columns.Column
	var names []string
	for i := range in.want.Columns {
		c := &in.want.Columns[i]
		if c.Secret || in.lacks(c.Name) || in.unfit[in.cfg.Users+"."+c.Name] {
			continue
		}
		name := in.d.quote(c.Name)
		if in.d.raw != nil && c.IsTime() {
			name = in.d.raw(name)
		}
		list, names = append(list, c), append(names, name)
	}
	if in.lacks("password") || in.unfit[in.cfg.Users+".password"] {
		names = append(names, "NULL")
	} else {
		names = append(names, "substr("+in.d.quote("password")+", 1, 40)") // enough to tell its kind
	}
	rows, err := q.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+in.table(in.cfg.Users))
	if err != nil {
		return in.wrap(err)
	}
	t := &tally{seed: maphash.MakeSeed(), same: map[string]map[uint64]int64{}, odd: map[string]int64{}, hashes: map[string]int64{}}
	err = in.each(ctx, rows, func() error { return in.countUser(rows, list, t) })
	in.tell(t)
	return err
}

// tally counts what is found in the rows of users. Of their values only hashes
// are kept, with a seed that nobody knows.
type tally struct {
	seed         maphash.Seed
	same         map[string]map[uint64]int64 // by column: how many users have a value
	odd          map[string]int64            // by column: how many values cannot be read
	hashes       map[string]int64            // by scheme: how many hashes of a kind that is not read
	nobody, long int64
}

// probe reads a value and remembers whether that went wrong.
type probe struct {
	to  sql.Scanner
	bad bool
}

// Scan implements [sql.Scanner].
func (p *probe) Scan(src any) error {
	p.bad = p.to.Scan(src) != nil
	return nil
}

func (in *inspector) countUser(rows *sql.Rows, list []*columns.Column, t *tally) error {
	in.row.SetZero()
	probes, dests := make([]probe, len(list)), make([]any, len(list), len(list)+1)
	for i, c := range list {
		probes[i].to = c.Dest(in.row)
		dests[i] = &probes[i]
	}
	var hash sql.NullString
	if err := rows.Scan(append(dests, &hash)...); err != nil {
		return in.wrap(err)
	}
	in.report.Users++
	for i, c := range list {
		if probes[i].bad {
			t.odd[c.Name]++
			continue
		}
		switch c.Name {
		case "fs_uniquifier":
			value := c.Field(in.row).String()
			t.add(c.Name, value)
			t.nobody += oneIf(value == "")
			t.long += oneIf(!in.d.embedded && len(value) > uniquifierLength)
		case "email", "username":
			t.add(c.Name, anycase.Fold(c.Field(in.row).String()))
		}
	}
	if scheme, read := hashScheme(hash.String); !read {
		t.hashes[scheme]++
	}
	return nil
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func (t *tally) add(column, value string) {
	if value == "" {
		return
	}
	if t.same[column] == nil {
		t.same[column] = map[uint64]int64{}
	}
	t.same[column][maphash.String(t.seed, value)]++
}

// shared is how many users have a value that another one has too.
func (t *tally) shared(column string) (n int64) {
	for users := range maps.Values(t.same[column]) {
		if users > 1 {
			n += users
		}
	}
	return n
}

// tell turns counts into warnings.
func (in *inspector) tell(t *tally) {
	users := in.cfg.Users
	in.warn(t.nobody, "these users cannot sign in until the application gives them one, as Flask-Security 4 and later does",
		"%s without a %s.fs_uniquifier", people(t.nobody), users)
	n := t.shared("fs_uniquifier")
	in.warn(n, "they would be taken for each other, so none of them can sign in: give each a new one (uuid4().hex)",
		"%s with a %s.fs_uniquifier that another one has too", people(n), users)
	in.warn(t.long, "they cannot stay signed in: give each a new one (uuid4().hex)", "%s with a %s.fs_uniquifier of more than %d characters", people(t.long), users, uniquifierLength)
	for _, column := range []string{"email", "username"} {
		n := t.shared(column)
		in.warn(n, "each of them is found only if it is typed exactly as it is stored; registration takes no more of that kind", "%s with a %s.%s that another one has in other letter case", people(n), users, column)
	}
	for _, scheme := range slices.Sorted(maps.Keys(t.hashes)) {
		in.warn(t.hashes[scheme], "they cannot sign in with it: let them reset it, or sign in at the Flask application once, which makes a hash of today's kind if its configuration says so",
			"%s with a password hash of a kind that is not read: %s", people(t.hashes[scheme]), scheme)
	}
	for _, column := range slices.Sorted(maps.Keys(t.odd)) {
		in.warn(t.odd[column], "these users cannot be loaded until it is put right", "%s with a %s.%s that cannot be read", people(t.odd[column]), users, column)
	}
}

func people(n int64) string { return count(n, "user") }

// readRoles counts the roles, and those whose names a proxy could not be told.
func (in *inspector) readRoles(ctx context.Context, q querier) error {
	have := in.has(in.cfg.Roles)
	if len(have) == 0 || !slices.ContainsFunc(have, equalFold("name")) || in.unfit[in.cfg.Roles+".name"] {
		return nil
	}
	rows, err := q.QueryContext(ctx, "SELECT "+in.d.quote("name")+" FROM "+in.table(in.cfg.Roles))
	if err != nil {
		return in.wrap(err)
	}
	var odd, broken int64
	err = in.each(ctx, rows, func() error {
		var name sql.NullString
		if err := rows.Scan(&name); err != nil {
			return in.wrap(err)
		}
		in.report.Roles++
		control := strings.ContainsFunc(name.String, unicode.IsControl)
		broken += oneIf(control)
		odd += oneIf(!control && (strings.Contains(name.String, ",") || strings.TrimSpace(name.String) != name.String || name.String == ""))
		return nil
	})
	in.warn(broken, "users with such a role cannot sign in: rename it", "%s with a control character in the name", count(broken, "role"))
	in.warn(odd, "no new ones are made like that, and a list of roles joined by commas (Remote-Groups) cannot tell them apart: rename them",
		"%s with a comma or outer spaces in the name, or none at all", count(odd, "role"))
	return err
}
