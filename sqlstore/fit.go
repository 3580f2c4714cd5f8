package sqlstore

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/columns"
)

// fit compares the plan with the tables.
func (s *Store[U, PU]) fit(ctx context.Context, plan *columns.Plan) error {
	c := s.cfg
	have, err := s.d.columns(ctx, s.db, c.Users)
	if err != nil {
		return s.wrap(err)
	}
	problems := []error{s.fitUser(plan, have)}
	s.uniques = map[string]string{}
	for _, table := range []string{c.Roles, c.Users} {
		found, err := s.d.uniques(ctx, s.db, table)
		if err != nil {
			return s.wrap(err)
		}
		maps.Copy(s.uniques, found)
	}
	s.fitAnyCase(have)
	for _, want := range []struct {
		table string
		names []string
	}{
		{c.Users, nil}, {c.Roles, []string{"id", "name", "description", "permissions"}}, {c.RolesUsers, []string{"user_id", "role_id"}},
		{c.sessions(), strings.Split(sessionColumns, ", ")}, {c.remembers(), strings.Split(rememberColumns, ", ")},
		{c.claims(), []string{"claim", "expires_at"}}, {c.guesses(), strings.Split(guessColumns, ", ")},
	} {
		have, err := s.d.columns(ctx, s.db, want.table)
		if err != nil {
			return s.wrap(err)
		}
		problem, hint, err := s.d.unfitting(ctx, s.db, want.table)
		if err != nil {
			return s.wrap(err)
		}
		if problem != "" {
			problems = append(problems, configError(problem, hint))
		}
		problems = append(problems, missing(want.table, have, want.names))
		s.roleTime = s.roleTime || want.table == c.Roles && slices.ContainsFunc(have, named("update_datetime"))
	}
	for _, table := range []string{c.Passkeys, c.Refresh} {
		have, err := s.d.columns(ctx, s.db, table)
		if err != nil {
			return s.wrap(err)
		}
		if slices.ContainsFunc(have, named("user_id")) {
			s.owned = append(s.owned, table)
		}
	}
	return errors.Join(problems...)
}

// fitAnyCase notes what Migrate made for look-ups in any case.
func (s *Store[U, PU]) fitAnyCase(have []tableColumn) {
	s.folded = map[string]string{}
	for _, c := range have {
		s.uniques[s.d.name("ix_"+s.cfg.Users+"_"+c.name+"_anycase")] = c.name
		if name := s.d.folded(s.cfg.Prefix, c.name); name != "" && slices.ContainsFunc(have, named(name)) {
			s.folded[c.name] = s.d.quote(name)
		}
		if c.name == "fs_uniquifier" {
			s.joined = s.d.same("u."+s.d.quote(c.name), "s.fs_uniquifier", c)
		}
	}
}

func named(name string) func(tableColumn) bool {
	return func(c tableColumn) bool { return strings.EqualFold(c.name, name) }
}

// missing reports the columns that a table lacks.
func missing(table string, have []tableColumn, want []string) error {
	const hint = "run the migrations"
	if len(have) == 0 && len(want) > 0 {
		return configError("there is no table "+table, hint)
	}
	var errs []error
	for _, name := range want {
		if !slices.ContainsFunc(have, named(name)) {
			errs = append(errs, configError("the table "+table+" has no column "+name, hint))
		}
	}
	return errors.Join(errs...)
}

// fitUser compares the plan with the user table and keeps what both have.
func (s *Store[U, PU]) fitUser(plan *columns.Plan, have []tableColumn) error {
	table := s.cfg.Users
	if len(have) == 0 {
		return configError("there is no table "+table, "run the migrations, or set Config.Users")
	}
	var errs []error
	var lacking []string
	for i := range plan.Columns {
		c := &plan.Columns[i]
		at := slices.IndexFunc(have, named(c.Name))
		switch {
		case at < 0 && c.Optional:
			lacking = append(lacking, c.Name)
		case at < 0:
			errs = append(errs, configError("the table "+table+" has no column "+c.Name, "add it to the table"))
		case c.Key:
			errs = append(errs, fitKey(table, c, have[at]))
		}
	}
	s.plan = plan.Without(lacking)
	for _, h := range have {
		if h.notNull && !h.filled && !h.key && s.plan.Find(h.name) == nil {
			errs = append(errs, configError("no field has the column "+h.name+" of "+table+", which is NOT NULL and has no default", "give the user type a field for it"))
		}
	}
	for _, c := range s.plan.Columns {
		at := slices.IndexFunc(have, named(c.Name))
		s.nullable = append(s.nullable, at < 0 || !have[at].notNull)
		s.seconds = append(s.seconds, at >= 0 && have[at].seconds)
	}
	return errors.Join(errs...)
}

func fitKey(table string, c *columns.Column, have tableColumn) error {
	if !have.key {
		return configError("the column "+c.Name+" is not the primary key of "+table, "tag the field of the primary key with pk")
	}
	if isInt := strings.Contains(strings.ToUpper(have.kind), "INT"); isInt != assigned(c) {
		return configError("the primary key of "+table+" is "+have.kind+", its field is "+c.Type().String(), "give both the same type")
	}
	return nil
}

// assigned reports whether the database assigns the key.
func assigned(c *columns.Column) bool {
	switch c.Type().Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return true
	}
	return false
}
