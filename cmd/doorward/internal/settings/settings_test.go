package settings_test

import (
	"fmt"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/settings"
)

func TestURLIsWrittenWithoutPassword(t *testing.T) {
	for in, want := range map[string]string{
		"sqlite:doorward.db":                         "sqlite:doorward.db",
		"sqlite:/var/lib/ann@home.db":                "sqlite:/var/lib/ann@home.db",
		"postgres://ann:hush@db:5432/doorward":       "postgres://ann@db:5432/doorward",
		"postgresql://ann:hu@sh@db/doorward":         "postgres://ann@db/doorward",
		"mysql://ann:hush@db/doorward?tls=true":      "mysql://ann@db/doorward",
		"postgres://db/doorward?user=ann&password=h": "postgres:...",
		"mysql://ann:hush@tcp(127.0.0.1:3306)/db":    "mysql:...",
		"postgres:ann:hush@db":                       "postgres:...",
	} {
		if got, err := settings.URL(in).MarshalText(); err != nil || string(got) != want || fmt.Sprint(settings.URL(in)) != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
}

func TestLaterLayersGoFirst(t *testing.T) {
	l, err := settings.Load([]string{"DOORWARD_ADDR=:1", "HOME=/x", "DATABASE_URL=sqlite:env.db"}, map[string]any{"DOORWARD_ADDR": ":2"})
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Server.Addr != ":2" || l.Config.Server.Database != "sqlite:env.db" {
		t.Errorf("%+v", l.Config.Server)
	}
	rows, err := l.Rows()
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]string{}
	for _, r := range rows {
		from[r.Name] = r.Source
	}
	if from["DOORWARD_ADDR"] != "flag" || from["DATABASE_URL"] != "environment" || from["DOORWARD_IDLE_TIMEOUT"] != "default" || from["SECURITY_REGISTERABLE"] != "serve" {
		t.Errorf("%v", from)
	}
}

// TestEverythingIsOnByDefault fails for a feature that a server without
// settings cannot start with.
func TestEverythingIsOnByDefault(t *testing.T) {
	l, err := settings.Load(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Register == nil || l.Config.Sessions == nil {
		t.Error("a feature is off")
	}
	if !l.Config.Address.NoDeliverability {
		t.Error("a first try asks the DNS")
	}
	l, err = settings.Load([]string{"SECURITY_LOGIN_URL=/in"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Register != nil || l.Config.Sessions != nil {
		t.Error("a feature is on that the settings do not turn on")
	}
	if l.Config.Address.NoDeliverability {
		t.Error("new addresses are not checked though nobody said so")
	}
}
