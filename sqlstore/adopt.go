package sqlstore

import (
	"context"
	"slices"
)

// modelColumn is a column of the fsqla_v4 user model that older models lack.
type modelColumn struct {
	name   string
	kind   columnKind
	unique bool // as in the model; a column that is new has no values that could collide
}

type columnKind int

const (
	textColumn columnKind = iota
	varchar64
	varchar128
	varchar255
	integerColumn
	timeColumn
)

// modelColumns are all that may be NULL.
func modelColumns() []modelColumn {
	return []modelColumn{
		{"username", varchar255, true}, {"confirmed_at", timeColumn, false}, {"last_login_at", timeColumn, false},
		{"current_login_at", timeColumn, false}, {"last_login_ip", varchar64, false}, {"current_login_ip", varchar64, false},
		{"login_count", integerColumn, false}, {"tf_primary_method", varchar64, false}, {"tf_totp_secret", varchar255, false},
		{"tf_phone_number", varchar128, false}, {"us_totp_secrets", textColumn, false}, {"us_phone_number", varchar128, true},
		{"fs_webauthn_user_handle", varchar64, true}, {"mf_recovery_codes", textColumn, false},
		{"create_datetime", timeColumn, false}, {"update_datetime", timeColumn, false},
	}
}

// roleModel are the columns of the role table that may be NULL.
func roleModel() []modelColumn {
	return []modelColumn{{"description", varchar255, false}, {"permissions", textColumn, false}}
}

// model names the columns of a table that Migrate makes, of those that get an
// index of their own.
func (c *core) model(table string) []string {
	if table == c.cfg.RolesUsers {
		return []string{"user_id", "role_id"}
	}
	names := coreColumns()
	for _, column := range modelColumns() {
		names = append(names, column.name)
	}
	return names
}

// coreColumns are in the user table of every model.
func coreColumns() []string { return []string{"email", "password", "active", "fs_uniquifier"} }

// lacking are the columns that tables of an older model do not have. A table is
// of such a model if it has what all of them have.
func (c *core) lacking(ctx context.Context, q querier) (out []migration, err error) {
	for _, of := range []struct {
		table string
		core  []string
		model []modelColumn
	}{{c.cfg.Users, coreColumns(), modelColumns()}, {c.cfg.Roles, []string{"id", "name"}, roleModel()}} {
		have, err := c.d.columns(ctx, q, of.table)
		if err != nil {
			return nil, c.wrap(err)
		}
		has := func(name string) bool { return slices.ContainsFunc(have, named(name)) }
		if slices.ContainsFunc(of.core, func(name string) bool { return !has(name) }) {
			continue
		}
		for _, column := range of.model {
			if !has(column.name) {
				out = append(out, migration{name: of.table + "." + column.name, table: of.table, add: &column})
			}
		}
	}
	return out, nil
}
