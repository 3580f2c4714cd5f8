package sqlstore

import (
	"context"
	"path"
	"regexp"
	"slices"
)

// Step is one statement that [Migrate] would execute, and what it is good for.
type Step struct {
	Migration string   // by the name that Migrate and Pending give it
	Adds      []string // "table web_authn", "column user.us_phone_number", "index ix_roles_users_role_id"
	For       string   // what needs it, in a few words
	SQL       string   // empty if everything is there and the migration is only noted as applied
}

// planned is a migration with its statements.
type planned struct {
	migration
	steps []Step
}

// plan is what there is to do, statement by statement: Migrate executes it, and
// Inspect shows it.
func (c *core) plan(ctx context.Context, q querier) ([]planned, error) {
	todo, err := c.pending(ctx, q)
	if err != nil || len(todo) == 0 {
		return nil, err
	}
	p := &planner{core: c, q: q, made: map[string]bool{}}
	if p.vars, err = c.variables(ctx, q); err != nil {
		return nil, err
	}
	out := make([]planned, len(todo))
	for i, m := range todo {
		out[i].migration = m
		if out[i].steps, err = p.steps(ctx, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// planner makes the statements of migrations, one after the other.
type planner struct {
	*core
	q    querier
	vars map[string]string
	made map[string]bool // tables and indexes of the statements before
}

func (p *planner) steps(ctx context.Context, m migration) ([]Step, error) {
	switch {
	case m.add != nil:
		return p.columnSteps(m), nil
	case m.version == 0:
		return []Step{p.indexStep(m)}, nil
	}
	text, err := migrations.ReadFile(path.Join("migrations", p.d.dir, m.name))
	if err != nil {
		return nil, err
	}
	note := "CREATE TABLE IF NOT EXISTS " + p.table(p.cfg.migrations()) +
		" (version INTEGER PRIMARY KEY NOT NULL, name VARCHAR(255) NOT NULL, applied_at BIGINT NOT NULL)"
	var out []Step
	for _, statement := range append(up(string(text)), note) {
		statement = substitute(statement, p.vars)
		step, needed, err := p.fileStep(ctx, m, statement)
		if err != nil {
			return nil, err
		}
		if needed {
			out = append(out, step)
		}
	}
	if len(out) == 0 {
		out = []Step{{Migration: m.name, For: "noted as applied: what it makes is there"}}
	}
	return out, nil
}

// creation is how the statements of the files begin.
var creation = regexp.MustCompile("^CREATE (?:UNIQUE )?(TABLE|INDEX) (IF NOT EXISTS )?[\"`]([^\"`]+)[\"`](?: ON [\"`]([^\"`]+)[\"`])?")

// fileStep is a statement of a file, and whether it would do anything.
func (p *planner) fileStep(ctx context.Context, m migration, statement string) (step Step, needed bool, err error) {
	step = Step{Migration: m.name, SQL: statement}
	found := creation.FindStringSubmatch(statement)
	if found == nil {
		return step, true, nil
	}
	what, name, table := "table "+found[3], found[3], found[3]
	if found[1] == "INDEX" {
		what, table = "index "+found[3], found[4]
	}
	if found[2] != "" {
		there := p.made[what]
		if !there && found[1] == "INDEX" {
			there, err = p.d.hasIndex(ctx, p.q, table, name)
		} else if !there {
			var have []tableColumn
			have, err = p.d.columns(ctx, p.q, table)
			there = len(have) > 0
		}
		if err != nil || there {
			return step, false, p.wrap(err)
		}
	}
	p.made[what] = true
	step.Adds, step.For = []string{what}, p.tableUse(table)
	return step, true, nil
}

// indexStep is an index on a table that may be the application's.
func (p *planner) indexStep(m migration) Step {
	step := Step{Migration: m.name, Adds: []string{"index " + m.name}, For: "reads a user's roles without going through all of them"}
	if m.on != "" {
		step.SQL = "CREATE INDEX " + p.d.quote(m.name) + " ON " + p.table(m.table) + " (" + m.on + ")"
		return step
	}
	step.SQL, step.For = p.d.foldIndex(m, p.cfg.Prefix), "finds a user by "+m.column+" in any letter case"
	if folded := p.d.folded(p.cfg.Prefix, m.column); folded != "" {
		step.Adds = append(step.Adds, "column "+m.table+"."+folded)
	}
	return step
}

// columnSteps add a column to a table that is there. No row is touched.
func (p *planner) columnSteps(m migration) []Step {
	kind := p.d.kinds[m.add.kind]
	if m.add.unique && p.d.inlineUnique {
		kind += " UNIQUE"
	}
	step := Step{
		Migration: m.name, Adds: []string{"column " + m.table + "." + m.add.name}, For: featureOf(m.add.name),
		SQL: "ALTER TABLE " + p.table(m.table) + " ADD COLUMN " + p.d.quote(m.add.name) + " " + kind,
	}
	if !m.add.unique || p.d.inlineUnique {
		return []Step{step}
	}
	index := p.d.name("ix_" + m.table + "_" + m.add.name)
	return []Step{step, {
		Migration: m.name, Adds: []string{"index " + index}, For: step.For + ": no two users have the same",
		SQL: "CREATE UNIQUE INDEX " + p.d.quote(index) + " ON " + p.table(m.table) + " (" + p.d.quote(m.add.name) + ")",
	}}
}

// tableUse says what a table of the files is for.
func (c *core) tableUse(table string) string {
	switch table {
	case c.cfg.Users:
		return "the users"
	case c.cfg.Roles, c.cfg.RolesUsers:
		return "roles"
	case c.cfg.Passkeys:
		return "passkeys"
	case c.cfg.Refresh:
		return "refresh tokens"
	case c.cfg.sessions():
		return "who is signed in where, so that it can be ended"
	case c.cfg.remembers():
		return "remember me"
	case c.cfg.claims():
		return "links and codes that work only once"
	case c.cfg.guesses():
		return "limits on guessing"
	}
	return "notes what was applied"
}

// feature is something that needs columns of the user table.
type feature struct {
	name    string
	columns []string
}

// features are those that a sign-in with email and password does without.
func features() []feature {
	return []feature{
		{"usernames", []string{"username"}},
		{"confirming addresses", []string{"confirmed_at"}},
		{"tracking sign-ins", []string{"last_login_at", "current_login_at", "last_login_ip", "current_login_ip", "login_count"}},
		{"two-factor sign-in", []string{"tf_primary_method", "tf_totp_secret", "tf_phone_number"}},
		{"unified sign-in", []string{"us_totp_secrets", "us_phone_number"}},
		{"passkeys", []string{"fs_webauthn_user_handle"}},
		{"recovery codes", []string{"mf_recovery_codes"}},
		{"when accounts were made and changed", []string{"create_datetime", "update_datetime"}},
	}
}

func featureOf(column string) string {
	for _, f := range features() {
		if slices.Contains(f.columns, column) {
			return f.name
		}
	}
	return "roles"
}
