package main

import (
	"testing"

	"github.com/labstack/echo/v5"

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
		var guards []echo.MiddlewareFunc
		if rt.Guarded {
			guards = append(guards, echo.WrapMiddleware(app.RequireUser()))
		}
		r.Add(rt.Method, rt.Path, echo.WrapHandler(rt.Handler), guards...)
	}
	x.Run(t, app.Handler(r), r)
}

func TestRestart(t *testing.T) { scenario.Restart(t, newHandler) }
