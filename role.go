package doorward

import "slices"

// Role is a named set of permissions. Names and permissions are compared
// exactly, letter case included.
type Role struct {
	Name        string
	Description string
	// Permissions must not contain a comma: they are stored comma-joined.
	Permissions []string
}

// HasRole reports whether the identity has a role of exactly this name.
func (id Identity) HasRole(name string) bool {
	return slices.ContainsFunc(id.Roles, func(r Role) bool { return r.Name == name })
}

// HasPermission reports whether any role of the identity grants permission.
func (id Identity) HasPermission(permission string) bool {
	return slices.ContainsFunc(id.Roles, func(r Role) bool { return slices.Contains(r.Permissions, permission) })
}
