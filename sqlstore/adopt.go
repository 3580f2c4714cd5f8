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

// lacking are the columns that a user table of an older model does not have. A
// table is of such a model if it has what all of them have.
func (c *core) lacking(ctx context.Context, q querier) (out []migration, err error) {
	have, err := c.d.columns(ctx, q, c.cfg.Users)
	if err != nil {
		return nil, c.wrap(err)
	}
	for _, name := range []string{"email", "password", "active", "fs_uniquifier"} {
		if !slices.ContainsFunc(have, named(name)) {
			return nil, nil
		}
	}
	for _, column := range modelColumns() {
		if !slices.ContainsFunc(have, named(column.name)) {
			out = append(out, migration{name: c.cfg.Users + "." + column.name, table: c.cfg.Users, add: &column})
		}
	}
	return out, nil
}

// addColumn adds a column to a table that is there. No row is touched.
func (c *core) addColumn(ctx context.Context, t *tx, m migration) error {
	kind, inline := c.d.kinds[m.add.kind], ""
	if m.add.unique && c.d.inlineUnique {
		inline = " UNIQUE"
	}
	query := "ALTER TABLE " + c.table(m.table) + " ADD COLUMN " + c.d.quote(m.add.name) + " " + kind + inline
	if _, err := t.exec(ctx, query); err != nil || !m.add.unique || c.d.inlineUnique {
		return err
	}
	index := c.d.quote(c.d.name("ix_" + m.table + "_" + m.add.name))
	_, err := t.exec(ctx, "CREATE UNIQUE INDEX "+index+" ON "+c.table(m.table)+" ("+c.d.quote(m.add.name)+")")
	return err
}
