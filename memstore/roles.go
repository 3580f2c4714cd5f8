package memstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/doorward/doorward"
)

var errComma = errors.New("memstore: a permission contains a comma")

func cloneRole(r doorward.Role) doorward.Role {
	r.Permissions = slices.Clone(r.Permissions)
	return r
}

func byName(a, b doorward.Role) int { return strings.Compare(a.Name, b.Name) }

func checkRole(r doorward.Role) error {
	if slices.ContainsFunc(r.Permissions, func(p string) bool { return strings.Contains(p, ",") }) {
		return errComma
	}
	return nil
}

// FindRole implements [doorward.RoleStore].
func (s *Store[U, PU]) FindRole(ctx context.Context, name string) (r doorward.Role, err error) {
	err = s.read(ctx, func(d *data) error {
		have, ok := d.roles[name]
		if !ok {
			return doorward.ErrNotFound
		}
		r = cloneRole(have)
		return nil
	})
	return r, err
}

// ListRoles implements [doorward.RoleStore].
func (s *Store[U, PU]) ListRoles(ctx context.Context) (out []doorward.Role, err error) {
	err = s.read(ctx, func(d *data) error {
		for _, r := range d.roles {
			out = append(out, cloneRole(r))
		}
		slices.SortFunc(out, byName)
		return nil
	})
	return out, err
}

// CreateRole implements [doorward.RoleStore].
func (s *Store[U, PU]) CreateRole(ctx context.Context, r doorward.Role) error {
	if err := checkRole(r); err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if _, taken := d.roles[r.Name]; taken {
				return &doorward.DuplicateError{Attr: "name"}
			}
			d.roles[r.Name] = cloneRole(r)
			return nil
		})
	})
}

// UpdateRole implements [doorward.RoleStore].
func (s *Store[U, PU]) UpdateRole(ctx context.Context, name string, change func(*doorward.Role) error) error {
	return s.write(ctx, func(t *tx) error {
		r, err := find(t, func(d *data) map[string]doorward.Role { return d.roles }, name)
		if err != nil {
			return err
		}
		r = cloneRole(r)
		if err := change(&r); err != nil {
			return err
		}
		if err := checkRole(r); err != nil {
			return err
		}
		r = cloneRole(r)
		r.Name = name
		return t.apply(func(d *data) error { d.roles[name] = r; return nil })
	})
}

// find returns one value of a table.
func find[V any](t *tx, table func(*data) map[string]V, key string) (v V, err error) {
	err = t.apply(func(d *data) error {
		var ok bool
		if v, ok = table(d)[key]; !ok {
			return doorward.ErrNotFound
		}
		return nil
	})
	return v, err
}

// DeleteRole implements [doorward.RoleStore].
func (s *Store[U, PU]) DeleteRole(ctx context.Context, name string) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if _, ok := d.roles[name]; !ok {
				return doorward.ErrNotFound
			}
			delete(d.roles, name)
			for l := range d.links {
				if l.role == name {
					delete(d.links, l)
				}
			}
			return nil
		})
	})
}

// RolesOf implements [doorward.RoleStore].
func (s *Store[U, PU]) RolesOf(ctx context.Context, u doorward.User) (out []doorward.Role, err error) {
	key, err := s.keyOfUser(u)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(d *data) error { out = d.rolesOf(key); return nil })
	return out, err
}

// AddRole implements [doorward.RoleStore].
func (s *Store[U, PU]) AddRole(ctx context.Context, u doorward.User, name string) (added bool, err error) {
	key, err := s.keyOfUser(u)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if _, ok := d.roles[name]; !ok || d.users[key] == nil {
				return doorward.ErrNotFound
			}
			_, had := d.links[link{key, name}]
			d.links[link{key, name}] = struct{}{}
			added = !had
			return nil
		})
	})
	return added, err
}

// RemoveRole implements [doorward.RoleStore].
func (s *Store[U, PU]) RemoveRole(ctx context.Context, u doorward.User, name string) (removed bool, err error) {
	key, err := s.keyOfUser(u)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			_, removed = d.links[link{key, name}]
			delete(d.links, link{key, name})
			return nil
		})
	})
	return removed, err
}
