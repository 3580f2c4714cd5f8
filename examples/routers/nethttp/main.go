// Command nethttp is an application on the router of net/http, with Doorward in front of it.
// What is not about signing in is in internal/demo.
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/examples/routers/internal/demo"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/sessions"
	"github.com/doorward/doorward/sqlstore"
)

// User is the application's own type: its key, its columns, and the account.
type User struct {
	ID      int64  `db:"id,pk"`
	Company string `db:"company"`
	doorward.Account
}

func main() { demo.Main(newHandler) }

// newHandler puts Doorward around the router: /login, /register, /sessions and
// the rest are its own, and for everything else it knows who is asking.
func newHandler(db *sql.DB, secretKey []byte) (http.Handler, *batteries.App, error) {
	store, err := sqlstore.New[User](db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return nil, nil, err
	}
	cfg := batteries.Config{Register: &register.Config{}, Sessions: &sessions.Config{}}
	cfg.Stores, cfg.SecretKey = doorward.StoresFrom(store), secretKey
	cfg.Address.NoDeliverability = true // joe@example.com may register, though it gets no mail
	app, err := batteries.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	return app.Handler(newRouter(app, db)), app, nil
}

// newRouter guards the routes. A guard is a func(http.Handler) http.Handler.
func newRouter(app *batteries.App, db *sql.DB) *http.ServeMux {
	user, admin := app.RequireUser(), app.RequireRoles("admin")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("GET /account", user(page("account")))
	mux.Handle("POST /account", user(save(db)))
	mux.Handle("GET /projects/{id}", user(page("project")))
	mux.Handle("GET /admin", user(admin(page("admin"))))
	mux.Handle("GET /api/me", user(http.HandlerFunc(me)))
	return mux
}

// home is for everybody. user is nil if nobody is signed in.
func home(w http.ResponseWriter, r *http.Request) {
	user, err := doorward.CurrentUser[*User](r.Context())
	if err != nil && !errors.Is(err, doorward.ErrAnonymous) {
		http.Error(w, "try again later", http.StatusServiceUnavailable) // the database does not answer
		return
	}
	demo.Show(w, "home", map[string]any{"User": user})
}

// page shows a page to the user whom a guard let through. A form in it carries
// the CSRF token that the guard of a POST looks for.
func page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, _ := doorward.CurrentUser[*User](r.Context())
		demo.Show(w, name, map[string]any{"User": user, "CSRF": doorward.CSRFToken(r.Context()), "ID": r.PathValue("id")})
	}
}

// save writes a column of the application's own.
func save(db *sql.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, _ := doorward.CurrentUser[*User](r.Context())
		if _, err := db.ExecContext(r.Context(), `UPDATE "user" SET company = ? WHERE id = ?`, r.PostFormValue("company"), user.ID); err != nil {
			http.Error(w, "not saved", http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, "/account", http.StatusSeeOther)
	}
}

// me is for programs: with the cookie of a session, or an Authentication-Token.
func me(w http.ResponseWriter, r *http.Request) {
	user, _ := doorward.CurrentUser[*User](r.Context())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"email": user.Email, "company": user.Company})
}
