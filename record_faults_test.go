package doorward_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// panicking is a log whose handler is broken.
type panicking struct{ failing }

func (panicking) Handle(context.Context, slog.Record) error { panic("a broken log") }
func (p panicking) WithAttrs([]slog.Attr) slog.Handler      { return p }
func (p panicking) WithGroup(string) slog.Handler           { return p }

type panickingMeter struct{ silent }

func (panickingMeter) Count(context.Context, string, int64, ...slog.Attr) { panic("a broken meter") }

// A broken log or meter cannot break a sign-in, nor a session.
func TestSecurityLogPanics(t *testing.T) {
	for name, edit := range map[string]func(*batteries.Config){
		"log": func(c *batteries.Config) { c.SecurityLog = slog.New(panicking{failing{c.Logger.Handler()}}) },
		"both logs": func(c *batteries.Config) {
			c.SecurityLog = slog.New(panicking{failing{c.Logger.Handler()}})
			c.Logger = c.SecurityLog
		},
		"meter": func(c *batteries.Config) { c.Meter = panickingMeter{} },
	} {
		t.Run(name, func(t *testing.T) {
			app := kit.New(t, edit)
			app.Mux.Handle("/user", app.RequireUser()(answer))
			app.NewUser(joe)
			b := app.Browser()
			b.PostForm("/login", credentials(joe)).GoesTo("/")
			b.Get("/user").Want(200)
			b.Agent = "another" // an event while the request's lock is held
			b.Get("/user").Want(200)
		})
	}
}
