package doorwardtest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/doorward/doorward"
)

// The application of a test has pages of its own, below a path that no
// feature has: they tell a test what the application knows.
const ownPath = "/doorwardtest/"

func (a *App) ownPages() {
	a.Mux.HandleFunc(ownPath+"whoami", func(w http.ResponseWriter, r *http.Request) {
		id, err := doorward.IdentityFrom(r.Context())
		out := map[string]any{"email": "", "error": ""}
		if err == nil {
			out["email"], out["mechanism"] = id.User.SecurityAccount().Email, id.Mechanism
		} else {
			out["error"] = err.Error()
		}
		writeJSON(w, out)
	})
	a.Mux.HandleFunc(ownPath+"csrf", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, map[string]any{"csrf_token": doorward.CSRFToken(r.Context())})
	})
	a.Mux.HandleFunc(ownPath+"login", func(w http.ResponseWriter, r *http.Request) {
		u, ok := r.Context().Value(userKey{}).(doorward.User)
		if !ok {
			http.NotFound(w, r)
			return
		}
		if a.Login(w, r, u, "doorwardtest") {
			writeJSON(w, map[string]any{})
		}
	})
	answer := func(w http.ResponseWriter, r *http.Request) {
		id, _ := doorward.IdentityFrom(r.Context())
		writeJSON(w, map[string]any{"email": id.User.SecurityAccount().Email, "mechanism": id.Mechanism})
	}
	a.Mux.Handle(ownPath+"user", a.RequireUser()(http.HandlerFunc(answer)))
	a.Mux.Handle(ownPath+"fresh", a.Require(doorward.Auth{Fresh: true})(http.HandlerFunc(answer)))
}

type userKey struct{}

func withUser(ctx context.Context, u doorward.User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

func writeJSON(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(b, '\n'))
}
