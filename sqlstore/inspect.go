package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/columns"
)

// Report is what [Inspect] found. It holds names of tables and columns, and
// numbers, but nothing of what users entered.
type Report struct {
	Dialect Dialect
	Tables  []Table
	// Model is the version of Flask-Security's packaged models that the tables
	// look like: "fsqla", "fsqla_v2" to "fsqla_v4" of Flask-SQLAlchemy, "sqla" and
	// "sqla_v2" of plain SQLAlchemy; "" for a user table that lacks a part of all
	// of them, or that there is none.
	Model string
	// Migrated says that Migrate was here before: a part of what Model goes by may
	// be its own.
	Migrated     bool
	Users, Roles int64
	Missing      []Missing
	// Misfits are why a [Store] could not work on the tables. Migrate would add to
	// them all the same, but nothing can be done with them until that is put right.
	Misfits []Finding
	// Warnings are rows, and some columns, with which something will not work.
	Warnings []Finding
	// Plan is what Migrate would do, statement by statement and in that order.
	Plan []Step
}

// Table is one of the tables that a [Config] names.
type Table struct {
	Part  string // "Users", "Roles", "RolesUsers", "Passkeys" or "Refresh": the field of Config
	Name  string // what Config calls it
	Found bool
	// Other says that there is a table of that name, but none of users: it has not
	// one column of those that every model has. Then Found is false.
	Other bool
	// Like are tables of other names that have the columns, where the table was
	// not found, or is none of users. Which is meant is for Config to say: Migrate
	// would make another one.
	Like []string
}

// Missing is what a feature lacks.
type Missing struct {
	Feature string
	Names   []string // "user.us_phone_number", "web_authn"
}

// Finding is something that is not as it should be.
type Finding struct {
	Problem string
	Hint    string // what to do about it
}

// Found reports whether there is a table by the configured name that can be one
// of users.
func (r *Report) Found() bool { return len(r.Tables) > 0 && r.Tables[0].Found }

// Fits reports whether Migrate and then New can be used: there is a table of
// users, nothing is a misfit, and no table by another name could be meant.
func (r *Report) Fits() bool {
	return r.Found() && len(r.Misfits) == 0 && !slices.ContainsFunc(r.Tables, func(t Table) bool { return len(t.Like) > 0 })
}

// Inspect looks at a database that an application has, one of Flask-Security
// above all, and says what a [Store] for users of type *U would find there, what
// it would lack, and what [Migrate] would add. It changes nothing: it reads, in a
// transaction that can do no more than that where the database has such, and
// takes a look at every row of the user table once.
//
// What does not fit is in the report. An error is one of the database, or of the
// tags of U.
func Inspect[U any, PU Record[U]](ctx context.Context, db *sql.DB, dialect Dialect, cfg Config) (*Report, error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return nil, err
	}
	plan, err := columns.For(reflect.TypeFor[U]())
	if err != nil {
		return nil, configError(err.Error(), "correct the db tags")
	}
	c := &core{db: db, d: d, cfg: cfg.withDefaults()}
	in := &inspector{core: c, want: plan, row: reflect.New(reflect.TypeFor[U]()).Elem(), report: &Report{Dialect: dialect}}
	if err := c.reading(ctx, func(q querier) error { return in.inspect(ctx, q) }); err != nil {
		return nil, err
	}
	return in.report, nil
}

// reading runs f on one state of the database.
func (c *core) reading(ctx context.Context, f func(q querier) error) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return c.wrap(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, c.d.read); err != nil {
		return c.wrap(err)
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }()
	return f(conn)
}

// inspector makes a report.
type inspector struct {
	*core
	want   *columns.Plan
	row    reflect.Value // where the columns of a user are read
	report *Report
	layout map[string][]string // the columns of every table
	users  []tableColumn
	unfit  map[string]bool // columns, with their tables, that are no use reading
}

func (in *inspector) inspect(ctx context.Context, q querier) (err error) {
	if in.layout, err = in.d.layout(ctx, q); err != nil {
		return in.wrap(err)
	}
	in.findTables()
	in.report.Migrated = len(in.has(in.cfg.migrations())) > 0
	if !in.report.Found() {
		return nil
	}
	for _, step := range []func(context.Context, querier) error{in.recognise, in.fitUsers, in.fitRoles, in.readPasskeys, in.readUsers, in.readRoles} {
		if err := step(ctx, q); err != nil {
			return err
		}
	}
	in.missing()
	todo, err := in.plan(ctx, q)
	for _, m := range todo {
		in.report.Plan = append(in.report.Plan, m.steps...)
	}
	return err
}

func (in *inspector) misfit(hint, format string, args ...any) {
	in.report.Misfits = append(in.report.Misfits, Finding{fmt.Sprintf(format, args...), hint})
}

// warn tells of n rows, unless there are none.
func (in *inspector) warn(n int64, hint, format string, args ...any) {
	if n > 0 {
		in.report.Warnings = append(in.report.Warnings, Finding{fmt.Sprintf(format, args...), hint})
	}
}

// part is a table of a Config, with columns by which it is known.
type part struct {
	Table
	marks []string
}

// isLike reports whether a table with these columns has the part's.
func (p part) isLike(have []string) bool {
	return !slices.ContainsFunc(p.marks, func(mark string) bool { return !slices.ContainsFunc(have, equalFold(mark)) })
}

func (in *inspector) parts() []part {
	return []part{
		{Table{Part: "Users", Name: in.cfg.Users}, []string{"email", "password", "active"}},
		{Table{Part: "Roles", Name: in.cfg.Roles}, []string{"name", "description", "id"}},
		{Table{Part: "RolesUsers", Name: in.cfg.RolesUsers}, []string{"user_id", "role_id"}},
		{Table{Part: "Passkeys", Name: in.cfg.Passkeys}, []string{"credential_id", "public_key", "user_id"}},
		{Table{Part: "Refresh", Name: in.cfg.Refresh}, []string{"refresh_family", "expires_at", "user_id"}},
	}
}

// findTables looks for the configured tables, and for others that could be meant.
func (in *inspector) findTables() {
	for _, p := range in.parts() {
		t := p.Table
		have := in.has(t.Name)
		t.Found = len(have) > 0
		if t.Part == "Users" {
			t.Other = t.Found && !slices.ContainsFunc(have, func(name string) bool {
				return slices.ContainsFunc([]string{"email", "fs_uniquifier", "password"}, equalFold(name))
			})
			t.Found = t.Found && !t.Other
		}
		if !t.Found || t.Part == "Users" && !p.isLike(have) {
			for name, have := range in.layout {
				if p.isLike(have) && !in.taken(name) && likely(t.Part, name) {
					t.Like = append(t.Like, name)
				}
			}
			slices.Sort(t.Like)
		}
		in.report.Tables = append(in.report.Tables, t)
	}
}

// taken reports whether a table is one of those that the configuration names.
func (in *inspector) taken(table string) bool {
	return slices.ContainsFunc(in.parts(), func(p part) bool { return p.Name == table })
}

// likely leaves out tables that have what many have: a name and a description
// make a role only where the name of the table says so.
func likely(part, table string) bool {
	return part != "Roles" || strings.Contains(strings.ToLower(table), "role") || strings.Contains(strings.ToLower(table), "group")
}

func equalFold(name string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(name, other) }
}

// has are the columns of a table, none if there is no such table.
func (in *inspector) has(table string) []string {
	for name, have := range in.layout {
		if name == table || in.d.embedded && strings.EqualFold(name, table) {
			return have
		}
	}
	return nil
}

// there reports whether a part has a table, by whatever name.
func (in *inspector) there(part string) bool {
	return slices.ContainsFunc(in.report.Tables, func(t Table) bool { return t.Part == part && (t.Found || len(t.Like) > 0) })
}

// recognise tells the versions of the models apart: by the columns that each
// added, and plain SQLAlchemy's by the key of the links.
func (in *inspector) recognise(ctx context.Context, q querier) (err error) {
	if in.users, err = in.d.columns(ctx, q, in.cfg.Users); err != nil {
		return in.wrap(err)
	}
	links, err := in.d.columns(ctx, q, in.cfg.RolesUsers)
	if err != nil {
		return in.wrap(err)
	}
	version := 1
	for i, names := range [][]string{
		{"us_totp_secrets", "us_phone_number"}, {"fs_webauthn_user_handle", "mf_recovery_codes"}, nil,
	} {
		if version != i+1 || slices.ContainsFunc(names, in.lacks) || names == nil && !in.there("Refresh") {
			break
		}
		version++
	}
	first := []string{"username", "confirmed_at", "login_count", "tf_primary_method", "tf_totp_secret", "tf_phone_number", "create_datetime"}
	keyed := slices.ContainsFunc(links, func(c tableColumn) bool { return named("user_id")(c) && c.key })
	switch {
	case slices.ContainsFunc(append(coreColumns(), first...), in.lacks):
	case keyed && version >= 3:
		in.report.Model = []string{"sqla", "sqla_v2"}[version-3]
	default:
		in.report.Model = []string{"fsqla", "fsqla_v2", "fsqla_v3", "fsqla_v4"}[version-1]
	}
	return nil
}

// lacks reports whether the user table has no such column.
func (in *inspector) lacks(name string) bool { return !slices.ContainsFunc(in.users, named(name)) }

// missing lists what features lack, in the order of the features.
func (in *inspector) missing() {
	add := func(feature string, names ...string) {
		at := slices.IndexFunc(in.report.Missing, func(m Missing) bool { return m.Feature == feature })
		if at < 0 {
			in.report.Missing = append(in.report.Missing, Missing{Feature: feature})
			at = len(in.report.Missing) - 1
		}
		in.report.Missing[at].Names = append(in.report.Missing[at].Names, names...)
	}
	for _, f := range features() {
		for _, column := range f.columns {
			if in.lacks(column) {
				add(f.name, in.cfg.Users+"."+column)
			}
		}
	}
	own := []string{in.cfg.sessions(), in.cfg.remembers(), in.cfg.claims(), in.cfg.guesses()}
	for _, table := range append([]string{in.cfg.Roles, in.cfg.RolesUsers, in.cfg.Passkeys, in.cfg.Refresh}, own...) {
		if len(in.has(table)) == 0 {
			add(cmp.Or(in.tableUse(table), "roles"), table)
		}
	}
	for _, column := range roleModel() {
		if have := in.has(in.cfg.Roles); len(have) > 0 && !slices.ContainsFunc(have, equalFold(column.name)) {
			add("roles", in.cfg.Roles+"."+column.name)
		}
	}
}
