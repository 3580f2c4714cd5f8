package main

import (
	"net/http"
	"testing"

	"github.com/doorward/doorward/examples/routers/internal/scenario"
)

func TestScenario(t *testing.T) {
	x := scenario.New(t)
	_, app, err := newHandler(x.DB, scenario.SecretKey())
	if err != nil {
		t.Fatal(err)
	}
	r := newRouter(app, x.DB)
	for _, rt := range x.Routes {
		h := http.Handler(rt.Handler)
		if rt.Guarded {
			h = app.RequireUser()(h)
		}
		r.Method(rt.Method, rt.Path, h)
	}
	x.Run(t, app.Handler(r), r)
}

func TestRestart(t *testing.T) { scenario.Restart(t, newHandler) }
