package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/doorward/doorward"
)

// SplitPermissions reads permissions separated by commas.
func SplitPermissions(text string) ([]string, error) {
	var out []string
	for p := range strings.SplitSeq(text, ",") {
		p = strings.TrimSpace(p)
		if err := plain("permission", p); err != nil {
			return nil, err
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// plain refuses what could not be told apart in a list or a header:
// Remote-Groups joins role names with commas.
func plain(what, s string) error {
	if s == "" {
		return refuse("a %s is empty", what)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r == ',' || unicode.IsControl(r) }) || strings.TrimSpace(s) != s {
		return refuse("%s %q: commas, control characters and outer spaces are not allowed", what, s)
	}
	return nil
}

// CreateRole makes a role.
func (a *Accounts) CreateRole(ctx context.Context, r doorward.Role) error {
	if err := plain("role name", r.Name); err != nil {
		return err
	}
	err := a.Store.CreateRole(ctx, r)
	if errors.Is(err, doorward.ErrDuplicate) {
		return refuse("role %q exists already", r.Name)
	}
	if err != nil {
		return fmt.Errorf("create role: %w", err)
	}
	return nil
}

// AddRole gives u a role that u does not have yet.
func (a *Accounts) AddRole(ctx context.Context, u doorward.User, role string) error {
	added, err := a.Store.AddRole(ctx, u, role)
	if err != nil {
		return a.noRole(role, err)
	}
	if !added {
		return refuse("%s has the role %q already", Name(u), role)
	}
	return nil
}

// RemoveRole takes a role from u that u has.
func (a *Accounts) RemoveRole(ctx context.Context, u doorward.User, role string) error {
	if _, err := a.Store.FindRole(ctx, role); err != nil {
		return a.noRole(role, err)
	}
	removed, err := a.Store.RemoveRole(ctx, u, role)
	if err != nil {
		return a.noRole(role, err)
	}
	if !removed {
		return refuse("%s does not have the role %q", Name(u), role)
	}
	return nil
}

// Permit adds permissions to a role, and Forbid takes them away. It is a
// refusal if the role has all of them, or none, before.
func (a *Accounts) Permit(ctx context.Context, role string, permissions []string) error {
	return a.change(ctx, role, func(have []string) []string {
		for _, p := range permissions {
			if !slices.Contains(have, p) {
				have = append(have, p)
			}
		}
		return have
	})
}

// Forbid is the contrary of Permit.
func (a *Accounts) Forbid(ctx context.Context, role string, permissions []string) error {
	return a.change(ctx, role, func(have []string) []string {
		return slices.DeleteFunc(have, func(p string) bool { return slices.Contains(permissions, p) })
	})
}

func (a *Accounts) change(ctx context.Context, role string, edit func([]string) []string) error {
	err := a.Store.UpdateRole(ctx, role, func(r *doorward.Role) error {
		next := edit(slices.Clone(r.Permissions))
		if len(next) == len(r.Permissions) {
			return refuse("nothing to change: role %q permits %s", role, orNothing(r.Permissions))
		}
		r.Permissions = next
		return nil
	})
	if errors.Is(err, doorward.ErrNotFound) {
		return a.noRole(role, err)
	}
	return err
}

func orNothing(permissions []string) string {
	if len(permissions) == 0 {
		return "nothing"
	}
	return strings.Join(permissions, ", ")
}

func (a *Accounts) noRole(role string, err error) error {
	if errors.Is(err, doorward.ErrNotFound) {
		return refuse("there is no role %q; see: doorward roles list", role)
	}
	return fmt.Errorf("role %s: %w", role, err)
}

// Name is how operators see a user: the email address, or else the username.
func Name(u doorward.User) string {
	acc := u.SecurityAccount()
	if acc.Email == "" {
		return acc.Username
	}
	return acc.Email
}
