package storetest

import (
	"slices"
	"testing"

	"github.com/doorward/doorward"
)

var roleTests = []test{
	{"find and list", roles, func(t *testing.T, w *world) {
		w.role(t, "writer", "write", "read")
		w.role(t, "Writer")
		w.role(t, "admin")
		r, err := w.Roles.FindRole(t.Context(), "writer")
		ok(t, err)
		equal(t, "description", r.Description, "about writer")
		if !slices.Equal(r.Permissions, []string{"write", "read"}) {
			t.Errorf("permissions %q", r.Permissions)
		}
		for _, name := range []string{"WRITER", "writ", "", "writer "} {
			_, err = w.Roles.FindRole(t.Context(), name)
			is(t, err, doorward.ErrNotFound)
		}
		list, err := w.Roles.ListRoles(t.Context())
		ok(t, err)
		wantRoles(t, list, "Writer", "admin", "writer")
	}},
	{"duplicate", roles, func(t *testing.T, w *world) {
		w.role(t, "admin", "all")
		is(t, w.Roles.CreateRole(t.Context(), doorward.Role{Name: "admin"}), doorward.ErrDuplicate)
		r, err := w.Roles.FindRole(t.Context(), "admin")
		ok(t, err)
		equal(t, "permissions", len(r.Permissions), 1)
	}},
	{"update", roles, func(t *testing.T, w *world) {
		w.role(t, "admin", "a")
		ok(t, w.Roles.UpdateRole(t.Context(), "admin", func(r *doorward.Role) error {
			r.Name, r.Description, r.Permissions = "other", "new", append(r.Permissions, "b")
			return nil
		}))
		r, err := w.Roles.FindRole(t.Context(), "admin")
		ok(t, err)
		equal(t, "name", r.Name, "admin")
		equal(t, "description", r.Description, "new")
		equal(t, "permissions", len(r.Permissions), 2)
		_, err = w.Roles.FindRole(t.Context(), "other")
		is(t, err, doorward.ErrNotFound)
		is(t, w.Roles.UpdateRole(t.Context(), "nobody", func(*doorward.Role) error { return nil }), doorward.ErrNotFound)
		is(t, w.Roles.UpdateRole(t.Context(), "admin", func(r *doorward.Role) error { r.Permissions = nil; return errAbandon }), errAbandon)
		r, err = w.Roles.FindRole(t.Context(), "admin")
		ok(t, err)
		equal(t, "permissions kept", len(r.Permissions), 2)
	}},
	{"no update is lost", roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		n := many(100)
		atOnce(t, n, func(int) (bool, error) {
			return true, w.Roles.UpdateRole(t.Context(), "admin", func(r *doorward.Role) error { r.Permissions = append(r.Permissions, "p"); return nil })
		})
		r, err := w.Roles.FindRole(t.Context(), "admin")
		ok(t, err)
		equal(t, "permissions", len(r.Permissions), n)
	}},
	{"a comma in a permission is refused", roles, func(t *testing.T, w *world) {
		if w.Roles.CreateRole(t.Context(), doorward.Role{Name: "x", Permissions: []string{"a,b"}}) == nil {
			t.Error("CreateRole took it")
		}
		w.role(t, "y")
		if w.Roles.UpdateRole(t.Context(), "y", func(r *doorward.Role) error { r.Permissions = []string{"a,b"}; return nil }) == nil {
			t.Error("UpdateRole took it")
		}
	}},
	{"add and remove", users | roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u, other := w.user(t, "a@example.com"), w.user(t, "b@example.com")
		for _, want := range []bool{true, false} {
			added, err := w.Roles.AddRole(t.Context(), u, "admin")
			ok(t, err)
			equal(t, "added", added, want)
		}
		list, err := w.Roles.RolesOf(t.Context(), other)
		ok(t, err)
		equal(t, "roles of the other", len(list), 0)
		_, err = w.Roles.AddRole(t.Context(), u, "nobody")
		is(t, err, doorward.ErrNotFound)
		for _, want := range []bool{true, false} {
			removed, err := w.Roles.RemoveRole(t.Context(), u, "admin")
			ok(t, err)
			equal(t, "removed", removed, want)
		}
		removed, err := w.Roles.RemoveRole(t.Context(), u, "nobody")
		ok(t, err)
		equal(t, "an unknown role removed", removed, false)
	}},
	{"of many that add one reports true", users | roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u := w.user(t, "a@example.com")
		equal(t, "true", atOnce(t, 100, func(int) (bool, error) { return w.Roles.AddRole(t.Context(), u, "admin") }), 1)
		list, err := w.Roles.RolesOf(t.Context(), u)
		ok(t, err)
		wantRoles(t, list, "admin")
		equal(t, "removed", atOnce(t, 100, func(int) (bool, error) { return w.Roles.RemoveRole(t.Context(), u, "admin") }), 1)
	}},
	{"delete takes it from everybody", users | roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		w.role(t, "writer")
		u := w.user(t, "a@example.com", "admin", "writer")
		ok(t, w.Roles.DeleteRole(t.Context(), "admin"))
		is(t, w.Roles.DeleteRole(t.Context(), "admin"), doorward.ErrNotFound)
		w.role(t, "admin") // a new role of the name is nobody's
		list, err := w.Roles.RolesOf(t.Context(), u)
		ok(t, err)
		wantRoles(t, list, "writer")
	}},
	{"results are the caller's", users | roles, func(t *testing.T, w *world) {
		given := doorward.Role{Name: "admin", Permissions: []string{"a"}}
		ok(t, w.Roles.CreateRole(t.Context(), given))
		u := w.user(t, "a@example.com", "admin")
		given.Permissions[0] = "changed"
		for range 2 {
			r, err := w.Roles.FindRole(t.Context(), "admin")
			ok(t, err)
			equal(t, "permission", r.Permissions[0], "a")
			r.Permissions[0] = "changed"
			list, err := w.Roles.RolesOf(t.Context(), u)
			ok(t, err)
			equal(t, "permission", list[0].Permissions[0], "a")
			list[0].Permissions[0] = "changed"
		}
	}},
}
