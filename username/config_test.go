package username_test

import (
	"errors"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/username"
)

func config(edit func(*batteries.Config)) batteries.Config {
	var c batteries.Config
	c.Stores, c.SecretKey = doorward.StoresFrom(memstore.New[kit.User]()), []byte(kit.SecretKey)
	c.Username.Recovery = &username.Recovery{}
	edit(&c)
	return c
}

// TestConfig: what cannot work is found at start.
func TestConfig(t *testing.T) {
	for name, edit := range map[string]func(*batteries.Config){
		"no mails": func(c *batteries.Config) { c.URLs.ServerName = kit.Host },
		"rules": func(c *batteries.Config) {
			c.Username.Recovery, c.Username.Change = nil, &username.Change{}
			c.Usernames.MinLength = 99
		},
	} {
		_, err := batteries.New(config(edit))
		if bad, ok := errors.AsType[*doorward.ConfigError](err); !ok || bad.Feature != "username" || bad.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParts: each part is there if it is asked for.
func TestParts(t *testing.T) {
	for _, c := range []username.Config{{}, {Change: &username.Change{}}, {Recovery: &username.Recovery{}}, {Change: &username.Change{URL: "/rename"}, Recovery: &username.Recovery{URL: "/whoami"}}} {
		app := kit.New(t, func(b *batteries.Config) { b.Username = c })
		got := map[string]string{}
		for _, rt := range app.Routes() {
			if rt.Feature() == "username" {
				got[rt.Name] = rt.Path
			}
		}
		if (c.Change != nil) != (got["change_username"] != "") || (c.Recovery != nil) != (got["recover_username"] != "") {
			t.Errorf("%+v: %v", c, got)
		}
		if c.Change != nil && c.Change.URL == "/rename" && (got["change_username"] != "/rename" || got["recover_username"] != "/whoami") {
			t.Errorf("%v", got)
		}
	}
}

// TestAlone: the feature works without batteries, by its own defaults.
func TestAlone(t *testing.T) {
	sec, err := doorward.New(doorward.Config{Stores: doorward.StoresFrom(memstore.New[kit.User]()), SecretKey: []byte(kit.SecretKey)},
		username.New(username.Config{Change: &username.Change{}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := sec.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestMatrix: strangers and stale sessions change nothing, whatever they send.
func TestMatrix(t *testing.T) {
	app := kit.New(t, both)
	kit.RouteMatrix(t, app)
	kit.MailTrap(t, app, "https://localhost")
}
