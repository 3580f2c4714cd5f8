package settings

import (
	"fmt"
	"regexp"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/sqlstore"
)

// Tables are the names of the tables, for a database that another application
// has made.
type Tables struct {
	Users      string `setting:"DOORWARD_USER_TABLE,bare" default:"user" help:"Table of users, where another application has made it."`
	Roles      string `setting:"DOORWARD_ROLE_TABLE,bare" default:"role" help:"Table of roles, where another application has made it."`
	RolesUsers string `setting:"DOORWARD_ROLES_USERS_TABLE,bare" default:"roles_users" help:"Table of who has which role, where another application has made it."`
	Passkeys   string `setting:"DOORWARD_WEBAUTHN_TABLE,bare" default:"web_authn" help:"Table of passkeys, where another application has made it; webauthn is customary with plain SQLAlchemy."`
	Refresh    string `setting:"DOORWARD_REFRESH_TABLE,bare" default:"fs_refresh_tracker" help:"Table of refresh tokens, where another application has made it."`
	Prefix     string `setting:"DOORWARD_TABLE_PREFIX,bare" default:"doorward_" help:"Beginning of the names of all other tables."`
}

// Config names the tables to the store.
func (t Tables) Config() sqlstore.Config {
	return sqlstore.Config{Users: t.Users, Roles: t.Roles, RolesUsers: t.RolesUsers, Passkeys: t.Passkeys, Refresh: t.Refresh, Prefix: t.Prefix}
}

// TableSetting names the setting for a field of [sqlstore.Config].
func TableSetting(part string) string {
	for _, n := range (Tables{}).names() {
		if n.part == part {
			return n.setting
		}
	}
	return ""
}

type tableName struct{ part, setting, value string }

func (t Tables) names() []tableName {
	return []tableName{
		{"Users", "DOORWARD_USER_TABLE", t.Users}, {"Roles", "DOORWARD_ROLE_TABLE", t.Roles},
		{"RolesUsers", "DOORWARD_ROLES_USERS_TABLE", t.RolesUsers}, {"Passkeys", "DOORWARD_WEBAUTHN_TABLE", t.Passkeys},
		{"Refresh", "DOORWARD_REFRESH_TABLE", t.Refresh}, {"Prefix", "DOORWARD_TABLE_PREFIX", t.Prefix},
	}
}

var tablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,47}$`)

func (t Tables) check() (errs []error) {
	seen := map[string]string{}
	for _, n := range t.names() {
		if !tablePattern.MatchString(n.value) {
			errs = append(errs, &conf.Error{Name: n.setting, Problem: fmt.Sprintf("%q is no name for a table", n.value), Hint: "up to 48 letters, digits and underscores, not beginning with a digit"})
		} else if other := seen[n.value]; other != "" {
			errs = append(errs, &conf.Error{Name: n.setting, Problem: "names the same table as " + other, Hint: "every table needs a name of its own"})
		}
		seen[n.value] = n.setting
	}
	return errs
}
