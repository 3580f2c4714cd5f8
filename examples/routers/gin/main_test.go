package main

import (
	"net/http"
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
		if rt.Path == "/test/hijack" {
			handlers[0] = below(rt.Handler)
		}
		if rt.Guarded {
			handlers = append([]gin.HandlerFunc{guard(app.RequireUser())}, handlers...)
		}
		r.Handle(rt.Method, rt.Path, handlers...)
	}
	x.Run(t, app.Handler(r), r)
}

func TestRestart(t *testing.T) { scenario.Restart(t, newHandler) }

// below passes on the writer under Gin's. Gin's own Hijack only works on a
// writer that is a http.Hijacker itself, and panics on one that unwraps to it.
func below(h http.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		var w http.ResponseWriter = c.Writer
		if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
			w = u.Unwrap()
		}
		h(w, c.Request)
	}
}
