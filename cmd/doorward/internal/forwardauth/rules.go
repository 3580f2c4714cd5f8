package forwardauth

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward"
)

// rules say who is let through.
type rules struct {
	auth                 doorward.Auth
	roles, anyRole       []string
	permissions, anyPerm []string
	redirect, crossSite  bool
}

// parseRules reads the query. A name it does not know, a value that is empty or
// has a comma, and a yes or no given twice are errors: a misspelt rule that was
// ignored would let everybody in who is signed in.
func parseRules(query string) (rules, error) {
	r := rules{redirect: true}
	values, err := url.ParseQuery(query)
	if err != nil {
		return r, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, vs := range values {
		for _, v := range vs {
			if strings.TrimSpace(v) == "" || strings.Contains(v, ",") {
				return r, fmt.Errorf("parameter %.40q has an empty value or one with a comma; repeat the name for several values", name)
			}
		}
		if err := r.take(name, vs); err != nil {
			return r, err
		}
	}
	if r.auth.Grace != 0 && r.auth.Within == 0 {
		return r, fmt.Errorf("parameter %.40q needs %q", "grace", "within")
	}
	return r, nil
}

func (r *rules) take(name string, vs []string) (err error) {
	switch name {
	case "role":
		r.roles = vs
	case "any_role":
		r.anyRole = vs
	case "permission":
		r.permissions = vs
	case "any_permission":
		r.anyPerm = vs
	case "mechanism":
		r.auth.Via, err = vs, mechanisms(vs)
	case "within":
		r.auth.Within, err = single(name, vs, duration)
	case "grace":
		r.auth.Grace, err = single(name, vs, duration)
	case "redirect":
		r.redirect, err = single(name, vs, strconv.ParseBool)
	case "cross_site":
		r.crossSite, err = single(name, vs, strconv.ParseBool)
	default:
		err = fmt.Errorf("parameter %.40q is not known", name)
	}
	return err
}

func mechanisms(vs []string) error {
	for _, v := range vs {
		if v != doorward.MechanismSession && v != doorward.MechanismToken && v != doorward.MechanismBasic {
			return fmt.Errorf("mechanism %.40q is not known: session, token, basic", v)
		}
	}
	return nil
}

func single[T any](name string, vs []string, parse func(string) (T, error)) (v T, err error) {
	if len(vs) != 1 {
		return v, fmt.Errorf("parameter %.40q is given %d times", name, len(vs))
	}
	if v, err = parse(vs[0]); err != nil {
		return v, fmt.Errorf("parameter %.40q: %w", name, err)
	}
	return v, nil
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s is not more than zero", s)
	}
	return d, err
}

// accepts reports whether the mechanism is one of those asked for.
func (r *rules) accepts(mechanism string) bool {
	if len(r.auth.Via) == 0 {
		return mechanism == doorward.MechanismSession || mechanism == doorward.MechanismToken
	}
	return slices.Contains(r.auth.Via, mechanism)
}

// permit reports whether roles and permissions of id are what is asked for.
func (r *rules) permit(id doorward.Identity) bool {
	return every(r.roles, id.HasRole) && every(r.permissions, id.HasPermission) &&
		some(r.anyRole, id.HasRole) && some(r.anyPerm, id.HasPermission)
}

func every(names []string, has func(string) bool) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !has(n) })
}

// some is true of no names: then nothing is asked for.
func some(names []string, has func(string) bool) bool {
	return len(names) == 0 || slices.ContainsFunc(names, has)
}
