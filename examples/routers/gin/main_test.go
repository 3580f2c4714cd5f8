package main

import (
	"testing"

	"github.com/gin-gonic/gin"

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
		handlers := []gin.HandlerFunc{gin.WrapF(rt.Handler)}
		if rt.Guarded {
			handlers = append([]gin.HandlerFunc{guard(app.RequireUser())}, handlers...)
		}
		r.Handle(rt.Method, rt.Path, handlers...)
	}
	x.Run(t, app.Handler(r), r)
}

func TestRestart(t *testing.T) { scenario.Restart(t, newHandler) }
