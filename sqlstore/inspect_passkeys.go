package sqlstore

import (
	"context"
	"database/sql"
	"slices"
)

// InspectPasskeys says what [Inspect] does of passkeys that are second factors, and
// looks at nothing else: for a program that starts.
func InspectPasskeys(ctx context.Context, db *sql.DB, dialect Dialect, cfg Config) ([]Finding, error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return nil, err
	}
	in := &inspector{core: &core{db: db, d: d, cfg: cfg.withDefaults()}, report: &Report{Dialect: dialect}}
	err = in.reading(ctx, func(q querier) error {
		if in.layout, err = d.layout(ctx, q); err != nil {
			return in.wrap(err)
		}
		return in.readPasskeys(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	return in.report.Warnings, nil
}

// readPasskeys counts the users whom Flask-Security asks for a passkey. Nothing
// here does that yet: who leaves it unsaid makes two factors one (ASVS 5.0
// 6.3.4, every way in must ask for as much as the others).
func (in *inspector) readPasskeys(ctx context.Context, q querier) error {
	for _, table := range in.passkeyTables() {
		have, err := in.d.columns(ctx, q, table)
		if err != nil {
			return in.wrap(err)
		}
		p := passkeys{table: table, whose: " (" + table + ")"}
		if table == in.cfg.Passkeys {
			p.whose = ""
		}
		for _, c := range have {
			switch {
			case named("user_id")(c):
				p.owner = "p." + in.d.quote(c.name)
			case named("usage")(c):
				p.usage = "p." + in.d.quote(c.name)
			}
		}
		if err := in.secondFactors(ctx, q, p); err != nil {
			return err
		}
		if err := in.withoutPassword(ctx, q, p); err != nil {
			return err
		}
	}
	return nil
}

// passkeys is a table of them, with those of its columns that are there.
type passkeys struct {
	table, whose string
	owner, usage string
}

// passkeyTables are the configured one, and every other with the same columns:
// once Migrate has made the first, the application's own may have another name.
func (in *inspector) passkeyTables() (out []string) {
	for _, p := range in.parts() {
		if p.Part != "Passkeys" {
			continue
		}
		for name, have := range in.layout {
			if !in.taken(name) && p.isLike(have) {
				out = append(out, name)
			}
		}
		slices.Sort(out)
		if len(in.has(p.Name)) > 0 {
			out = append([]string{p.Name}, out...)
		}
	}
	return out
}

// secondFactors counts the owners of passkeys that are not plainly said to be a
// first factor.
func (in *inspector) secondFactors(ctx context.Context, q querier, p passkeys) error {
	counted, who, which, as := "*", "passkey", "1 = 1", ", which may be a second factor"
	if p.owner != "" {
		counted, who = "DISTINCT "+in.distinct(p.owner), "user"
	}
	if p.usage != "" {
		which, as = "coalesce("+in.text(p.usage)+", '') <> 'first'", " as second factor"
	}
	var n int64
	if err := q.QueryRowContext(ctx, "SELECT count("+counted+") FROM "+in.table(p.table)+" p WHERE "+which).Scan(&n); err != nil {
		return in.wrap(err)
	}
	what := count(n, who)
	if p.owner != "" {
		what += " with a passkey"
	}
	in.warn(n, "there are no passkeys here yet, so their password alone would sign them in here: leave signing in to the Flask application", "%s%s%s", what, as, p.whose)
	return nil
}

// withoutPassword counts the users who have a passkey in place of a password.
func (in *inspector) withoutPassword(ctx context.Context, q querier, p passkeys) error {
	keys := slices.DeleteFunc(slices.Clone(in.users), func(c tableColumn) bool { return !c.key })
	if p.owner == "" || len(keys) != 1 || in.lacks("password") {
		return nil // that is said elsewhere
	}
	key := "u." + in.d.quote(keys[0].name)
	joined := in.d.same(key, p.owner, keys[0])
	if in.d.dir == "postgres" { // it compares no types that differ
		joined = in.text(key) + " = " + in.text(p.owner)
	}
	query := "SELECT count(DISTINCT " + in.distinct(key) + ") FROM " + in.table(p.table) + " p " + in.d.inOrder + " " + in.table(in.cfg.Users) + " u ON " + joined +
		" WHERE coalesce(" + in.text("u."+in.d.quote("password")) + ", '') = ''"
	if p.usage != "" {
		query += " AND " + in.text(p.usage) + " = 'first'"
	}
	var n int64
	if err := q.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return in.wrap(err)
	}
	in.warn(n, "there are no passkeys here yet, so they cannot sign in here until they have a password: leave signing in to the Flask application", "%s with a passkey and no password%s", people(n), p.whose)
	return nil
}

// text is an expression of any type as a text.
func (in *inspector) text(expr string) string {
	if in.d.dir == "mysql" {
		return "CAST(" + expr + " AS CHAR)"
	}
	return "CAST(" + expr + " AS TEXT)"
}

// distinct is an expression of any type as something that DISTINCT takes:
// PostgreSQL has types without equality.
func (in *inspector) distinct(expr string) string {
	if in.d.dir == "postgres" {
		return in.text(expr)
	}
	return expr
}
