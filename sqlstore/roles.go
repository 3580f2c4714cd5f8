package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

func (s *Store[U, PU]) selectRoles(rest string) string {
	return "SELECT " + roleColumns + " FROM " + s.table(s.cfg.Roles) + " r" + rest
}

func (s *Store[U, PU]) roles(ctx context.Context, query string, args ...any) ([]doorward.Role, error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var list []doorward.Role
	err = s.each(ctx, rows, func() error {
		var r roleRow
		err := rows.Scan(&r.name, &r.description, &r.permissions)
		list = r.appendTo(list)
		return s.wrap(err)
	})
	return tidy(list), err
}

// FindRole implements [doorward.RoleStore].
func (s *Store[U, PU]) FindRole(ctx context.Context, name string) (doorward.Role, error) {
	list, err := s.roles(ctx, s.selectRoles(" WHERE "+s.d.exact("r.name")), repeated(s.d.exact(""), name)...)
	if err != nil {
		return doorward.Role{}, err
	}
	if len(list) != 1 {
		return doorward.Role{}, doorward.ErrNotFound
	}
	return list[0], nil
}

// ListRoles implements [doorward.RoleStore].
func (s *Store[U, PU]) ListRoles(ctx context.Context) ([]doorward.Role, error) {
	return s.roles(ctx, s.selectRoles(""))
}

// RolesOf implements [doorward.RoleStore].
func (s *Store[U, PU]) RolesOf(ctx context.Context, u doorward.User) ([]doorward.Role, error) {
	_, key, err := s.key(u)
	if err != nil {
		return nil, err
	}
	return s.roles(ctx, s.selectRoles(" JOIN "+s.table(s.cfg.RolesUsers)+" ru ON ru.role_id = r.id WHERE ru.user_id = ?"), key)
}

// roleValues are the columns of a role that change, and their values.
func (s *Store[U, PU]) roleValues(r doorward.Role) (names []string, args []any, err error) {
	if err := checkRole(r); err != nil {
		return nil, nil, err
	}
	permissions, err := columns.Join(r.Permissions)
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: permissions: %w", err)
	}
	var description any
	if r.Description != "" {
		description = r.Description
	}
	names, args = []string{"description", "permissions"}, []any{description, permissions}
	if s.roleTime {
		names, args = append(names, "update_datetime"), append(args, s.now())
	}
	return names, args, nil
}

// CreateRole implements [doorward.RoleStore].
func (s *Store[U, PU]) CreateRole(ctx context.Context, r doorward.Role) error {
	names, args, err := s.roleValues(r)
	if err != nil {
		return err
	}
	query := "INSERT INTO " + s.table(s.cfg.Roles) + " (name"
	for _, name := range names {
		query += ", " + name
	}
	query += ") VALUES (?, " + marks(len(args)) + ")"
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, query, append([]any{r.Name}, args...)...)
		return err
	})
}

// UpdateRole implements [doorward.RoleStore].
func (s *Store[U, PU]) UpdateRole(ctx context.Context, name string, change func(*doorward.Role) error) error {
	return s.write(ctx, func(t *tx) error {
		var have roleRow
		err := t.row(ctx, s.selectRoles(" WHERE "+s.d.exact("r.name"))+s.d.lock, repeated(s.d.exact(""), name), &have.name, &have.description, &have.permissions)
		if err != nil {
			return err
		}
		r := have.role()
		if err := change(&r); err != nil {
			return err
		}
		names, args, err := s.roleValues(r)
		if err != nil {
			return err
		}
		query := "UPDATE " + s.table(s.cfg.Roles) + " SET " + names[0] + " = ?"
		for _, name := range names[1:] {
			query += ", " + name + " = ?"
		}
		_, err = t.exec(ctx, query+" WHERE "+s.d.exact("name"), append(args, repeated(s.d.exact(""), name)...)...)
		return err
	})
}

// DeleteRole implements [doorward.RoleStore].
func (s *Store[U, PU]) DeleteRole(ctx context.Context, name string) error {
	return s.write(ctx, func(t *tx) error {
		id, err := s.roleID(ctx, t, name)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM "+s.table(s.cfg.RolesUsers)+" WHERE role_id = ?", id); err != nil {
			return err
		}
		return one(t.exec(ctx, "DELETE FROM "+s.table(s.cfg.Roles)+" WHERE id = ?", id))
	})
}

func (s *Store[U, PU]) roleID(ctx context.Context, t *tx, name string) (id any, err error) {
	err = t.row(ctx, "SELECT id FROM "+s.table(s.cfg.Roles)+" WHERE "+s.d.exact("name")+s.d.lock, repeated(s.d.exact(""), name), &id)
	return id, err
}

// AddRole implements [doorward.RoleStore]. It is ErrNotFound too if u is gone.
func (s *Store[U, PU]) AddRole(ctx context.Context, u doorward.User, name string) (added bool, err error) {
	_, key, err := s.key(u)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(t *tx) error {
		added, err = s.addRole(ctx, t, key, name)
		return err
	})
	return added && err == nil, err
}

// addRole holds the user's row meanwhile: roles_users need not be unique.
func (s *Store[U, PU]) addRole(ctx context.Context, t *tx, key driver.Value, name string) (bool, error) {
	var found any
	query := "SELECT " + s.keyName() + " FROM " + s.table(s.cfg.Users) + " WHERE " + s.keyName() + " = ?" + s.d.lock
	if err := t.row(ctx, query, []any{key}, &found); err != nil {
		return false, err
	}
	id, err := s.roleID(ctx, t, name)
	if err != nil {
		return false, err
	}
	links := s.table(s.cfg.RolesUsers)
	err = t.row(ctx, "SELECT role_id FROM "+links+" WHERE user_id = ? AND role_id = ? LIMIT 1", []any{key, id}, &found)
	if !errors.Is(err, doorward.ErrNotFound) {
		return false, err
	}
	_, err = t.exec(ctx, "INSERT INTO "+links+" (user_id, role_id) VALUES (?, ?)", key, id)
	return err == nil, err
}

// RemoveRole implements [doorward.RoleStore].
func (s *Store[U, PU]) RemoveRole(ctx context.Context, u doorward.User, name string) (removed bool, err error) {
	_, key, err := s.key(u)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(t *tx) error {
		removed = false
		id, err := s.roleID(ctx, t, name)
		if errors.Is(err, doorward.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		n, err := t.exec(ctx, "DELETE FROM "+s.table(s.cfg.RolesUsers)+" WHERE user_id = ? AND role_id = ?", key, id)
		removed = n > 0
		return err
	})
	return removed && err == nil, err
}
