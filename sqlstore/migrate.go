package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the database up to date and says what it applied, in order:
// it makes the tables of the fsqla_v4 model that are missing, the store's own
// tables, and the indexes that look-ups need. Tables that are there keep their
// rows and columns. A user table of an older model (fsqla v1 to v3) gets the
// columns that it lacks, empty, and so does a role table without permissions. On MySQL the user table gets a column more for
// each of Config.AnyCase, which is computed, indexed, and not part of SELECT *. A
// second call applies nothing. Any number of processes may call it at once: one of
// them does the work. It is done as a whole or not at all, except on MySQL,
// where a call continues what another was interrupted at.
//
// In a user table that Migrate makes, email and username are unique in any
// letter case, so that two who register at once cannot differ in that alone. In
// one that is there this could fail on its rows, and the indexes are plain.
//
// An application that wants more columns in its user table makes that table
// before, or adds them after. The files are in the format of goose and can be
// run with that instead; the indexes on the user table are then up to you.
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect, cfg Config) (applied []string, err error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return nil, err
	}
	c := &core{db: db, d: d, cfg: cfg.withDefaults(), queue: make(chan struct{}, 1)}
	err = c.alone(ctx, func(t *tx) error {
		applied = nil
		todo, err := c.plan(ctx, t.conn)
		if err != nil {
			return err
		}
		for _, m := range todo {
			if err := c.apply(ctx, t, m); err != nil {
				return fmt.Errorf("migration %s: %w", m.name, err)
			}
			applied = append(applied, m.name)
		}
		return nil
	})
	if err != nil && !d.plainDDL {
		applied = nil
	}
	return applied, err
}

// alone runs f while no other process migrates, in a transaction where that
// covers the making of tables.
func (c *core) alone(ctx context.Context, f func(t *tx) error) error {
	if !c.d.plainDDL {
		return c.write(ctx, func(t *tx) error {
			if _, err := c.d.exclusive(ctx, c, t.conn); err != nil {
				return c.wrap(err)
			}
			return f(t)
		})
	}
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return c.wrap(err)
	}
	defer func() { _ = conn.Close() }()
	release, err := c.d.exclusive(ctx, c, conn)
	if err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // the lock goes with it, should it be held
		return c.wrap(err)
	}
	defer release()
	return f(&tx{c: c, conn: conn})
}

// Pending lists what [Migrate] would apply, without changing anything.
func Pending(ctx context.Context, db *sql.DB, dialect Dialect, cfg Config) ([]string, error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return nil, err
	}
	c := &core{db: db, d: d, cfg: cfg.withDefaults()}
	todo, err := c.pending(ctx, db)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range todo {
		names = append(names, m.name)
	}
	return names, nil
}

// migration is a file, or an index on a table that may be the application's.
type migration struct {
	name    string
	version int // 0 for an index
	table   string
	column  string // the index is skipped if the table has none of that name
	on      string // what an index is of, if it is not for look-ups in any case
	unique  bool
	add     *modelColumn // or a column of a table that is there
}

func (c *core) pending(ctx context.Context, q querier) ([]migration, error) {
	files, err := fs.ReadDir(migrations, path.Join("migrations", c.d.dir))
	if err != nil {
		return nil, err
	}
	done, err := c.versions(ctx, q)
	if err != nil {
		return nil, err
	}
	var todo []migration
	for _, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(done, version) {
			todo = append(todo, migration{name: f.Name(), version: version})
		}
	}
	columns, err := c.lacking(ctx, q)
	if err != nil {
		return nil, err
	}
	todo = append(todo, columns...)
	for _, m := range c.indexes() {
		needed, err := c.needsIndex(ctx, q, &m, todo)
		if err != nil {
			return nil, err
		}
		if needed {
			todo = append(todo, m)
		}
	}
	return todo, nil
}

// indexes are those on tables that may be the application's.
func (c *core) indexes() []migration {
	index := func(table, column, suffix, on string) migration {
		return migration{name: c.d.name("ix_" + table + "_" + column + suffix), table: table, column: column, on: on}
	}
	out := []migration{
		index(c.cfg.RolesUsers, "user_id", "_role_id", "user_id, role_id"), // all that a request reads of the table
		index(c.cfg.RolesUsers, "role_id", "", "role_id"),
	}
	for _, column := range c.cfg.AnyCase {
		out = append(out, index(c.cfg.Users, column, "_anycase", ""))
	}
	return out
}

// needsIndex reports whether an index is missing on a column that is there, or
// will be if the table is still to be made. Only then may it be unique: what is
// unique in a table that is there is the application's to say.
func (c *core) needsIndex(ctx context.Context, q querier, m *migration, todo []migration) (bool, error) {
	have, err := c.d.columns(ctx, q, m.table)
	if err != nil {
		return false, c.wrap(err)
	}
	if len(have) == 0 && len(todo) > 0 {
		if !slices.Contains(c.model(m.table), m.column) {
			return false, nil
		}
		anyCase := m.on == ""
		m.unique = anyCase && (m.column == "email" || m.column == "username")
		return !(anyCase && c.d.plainDDL) || !m.unique, nil // there it is made with the table
	}
	added := slices.ContainsFunc(todo, func(a migration) bool { return a.add != nil && a.table == m.table && a.add.name == m.column })
	if !added && !slices.ContainsFunc(have, named(m.column)) {
		return false, nil
	}
	has, err := c.d.hasIndex(ctx, q, m.table, m.name)
	return !has, c.wrap(err)
}

// versions reads which files were applied.
func (c *core) versions(ctx context.Context, q querier) (done []int, err error) {
	have, err := c.d.columns(ctx, q, c.cfg.migrations())
	if err != nil || len(have) == 0 {
		return nil, c.wrap(err)
	}
	rows, err := q.QueryContext(ctx, "SELECT version FROM "+c.table(c.cfg.migrations()))
	if err != nil {
		return nil, c.wrap(err)
	}
	var version int
	err = c.each(ctx, rows, func() error {
		err := rows.Scan(&version)
		done = append(done, version)
		return c.wrap(err)
	})
	return done, err
}

func (c *core) apply(ctx context.Context, t *tx, m planned) error {
	for _, step := range m.steps {
		if step.SQL == "" {
			continue
		}
		if _, err := t.exec(ctx, step.SQL); err != nil {
			return err
		}
	}
	if m.version == 0 {
		return nil
	}
	_, err := t.exec(ctx, "INSERT INTO "+c.table(c.cfg.migrations())+" (version, name, applied_at) VALUES (?, ?, ?)", m.version, m.name, toMicros(c.cfg.Now()))
	return err
}

// variables are the names that the files leave open.
func (c *core) variables(ctx context.Context, q querier) (map[string]string, error) {
	vars := map[string]string{
		"DOORWARD_USER": c.cfg.Users, "DOORWARD_ROLE": c.cfg.Roles, "DOORWARD_ROLES_USERS": c.cfg.RolesUsers,
		"DOORWARD_WEB_AUTHN": c.cfg.Passkeys, "DOORWARD_REFRESH": c.cfg.Refresh, "DOORWARD_PREFIX": c.cfg.Prefix,
	}
	for name, value := range vars {
		if !tableName.MatchString(value) || len(value) > c.d.longest-len("_ibfk_1") { // MySQL's name for a foreign key
			return nil, configError(fmt.Sprintf("%q is no name for a table (%s)", value, name), "use letters, digits and underscores, not too many")
		}
	}
	if longest := "ix_" + c.cfg.Prefix + "remember_uniquifier"; len(longest) > c.d.longest {
		return nil, configError("the prefix "+c.cfg.Prefix+" is too long", fmt.Sprintf("it may have %d characters", c.d.longest+len(c.cfg.Prefix)-len(longest)))
	}
	vars["DOORWARD_WEB_AUTHN_INDEX"] = c.d.name("ix_" + c.cfg.Passkeys + "_credential_id")
	vars["DOORWARD_EMAIL_INDEX"] = c.d.name("ix_" + c.cfg.Users + "_email_anycase")
	vars["DOORWARD_USERNAME_INDEX"] = c.d.name("ix_" + c.cfg.Users + "_username_anycase")
	have, err := c.d.columns(ctx, q, c.cfg.Users)
	if err != nil {
		return nil, c.wrap(err)
	}
	for _, col := range have {
		if col.key {
			vars["DOORWARD_KEY"] = strings.NewReplacer(`"`, `""`, "`", "``").Replace(col.name)
			vars["DOORWARD_KEY_TYPE"] = cmp.Or(keyType.FindString(col.kind), "BLOB")
			if tableName.MatchString(col.charset) && tableName.MatchString(col.collation) {
				vars["DOORWARD_KEY_TYPE"] += " CHARACTER SET " + col.charset + " COLLATE " + col.collation
			}
		}
	}
	roles, err := c.d.columns(ctx, q, c.cfg.Roles)
	if err != nil {
		return nil, c.wrap(err)
	}
	if at := slices.IndexFunc(roles, named("id")); at >= 0 {
		vars["DOORWARD_ROLE_KEY_TYPE"] = keyType.FindString(roles[at].kind)
	}
	return vars, nil
}

var (
	tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	keyType   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_ ]*(\([0-9, ]+\)[A-Za-z ]*)?$`)
	variable  = regexp.MustCompile(`\$\{([A-Z_]+):-([^}]*)\}`)
)

// substitute fills in ${NAME:-default} as goose does with ENVSUB ON, except
// that the values come from the configuration.
func substitute(text string, vars map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(v string) string {
		m := variable.FindStringSubmatch(v)
		return cmp.Or(vars[m[1]], m[2])
	})
}

// up splits the first half of a goose file into statements, each of which ends
// with a semicolon at the end of a line.
func up(text string) (out []string) {
	text, _, _ = strings.Cut(text, "-- +goose Down")
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "--") {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			out = append(out, strings.TrimSpace(b.String()))
			b.Reset()
		}
	}
	return out
}
