package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// explain turns what went wrong on a database server into what can be done
// about it.
func (h *Handle) explain(ctx context.Context, err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
		if trouble := h.owned(ctx); trouble != nil {
			trouble.cause = err
			return trouble
		}
	}
	return h.source.explain(err)
}

// owned is the trouble with tables that belong to another role: only members of
// it may change them, whoever owns the database. It is nil if that is not it, or
// cannot be found out.
func (h *Handle) owned(ctx context.Context) *TroubleError {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	var owner string
	var super bool
	err := h.db.QueryRowContext(ctx, `SELECT r.rolname, r.rolsuper FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
		WHERE c.oid = to_regclass(quote_ident($1)) AND NOT pg_has_role(r.oid, 'USAGE')`, cmp.Or(h.opts.Tables.Users, "user")).Scan(&owner, &super)
	if err != nil {
		return nil
	}
	s := h.source
	trouble := &TroubleError{
		problem: fmt.Sprintf("%s at %s does not let the user %q change the tables of the database %q, which belong to %q", s.kind(), s.address(), s.user, s.name, owner),
		hint:    fmt.Sprintf("Run this one command with a DATABASE_URL of %q, and then grant %q SELECT, INSERT, UPDATE and DELETE on all tables, and USAGE on all sequences.", owner, s.user),
	}
	if !super { // whose rights are too many for a program that strangers talk to
		trouble.hint += "\nOr make the user a member of that role with: " + s.psql("GRANT "+identifier(owner)+" TO "+identifier(s.user))
	}
	return trouble
}
