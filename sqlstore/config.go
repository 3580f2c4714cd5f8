package sqlstore

import (
	"cmp"
	"slices"
	"time"
)

// Config is what a [Store] and [Migrate] need to know. The zero value is the
// fsqla_v4 model as Flask-SQLAlchemy names it.
type Config struct {
	Users      string // the table of users; "user" if empty
	Roles      string // the table of roles; "role" if empty
	RolesUsers string // the table of who has which role, with user_id and role_id; "roles_users" if empty
	Passkeys   string // "web_authn" if empty
	Refresh    string // refresh token families; "fs_refresh_tracker" if empty
	Prefix     string // of the tables session, remember, claim, guess and migration; "doorward_" if empty

	// AnyCase lists the columns of the user table by which users are found
	// without regard to letter case. Migrate gives each an index. Nil means
	// email and username.
	AnyCase []string

	// BusyWait is how long a write waits for other processes that write, on top
	// of the driver's own patience; 0 means 10 seconds.
	BusyWait time.Duration

	// Now tells the time for created and updated columns; nil means [time.Now].
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	c.Users = cmp.Or(c.Users, "user")
	c.Roles = cmp.Or(c.Roles, "role")
	c.RolesUsers = cmp.Or(c.RolesUsers, "roles_users")
	c.Passkeys = cmp.Or(c.Passkeys, "web_authn")
	c.Refresh = cmp.Or(c.Refresh, "fs_refresh_tracker")
	c.Prefix = cmp.Or(c.Prefix, "doorward_")
	c.BusyWait = cmp.Or(c.BusyWait, 10*time.Second)
	if c.AnyCase == nil {
		c.AnyCase = []string{"email", "username"}
	}
	c.AnyCase = slices.Clone(c.AnyCase)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) sessions() string   { return c.Prefix + "session" }
func (c Config) remembers() string  { return c.Prefix + "remember" }
func (c Config) claims() string     { return c.Prefix + "claim" }
func (c Config) guesses() string    { return c.Prefix + "guess" }
func (c Config) migrations() string { return c.Prefix + "migration" }
