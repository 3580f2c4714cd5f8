// Command echo is an application on the Echo framework, with Doorward in front of it.
// What is not about signing in is in internal/demo.
package main

import (
	"database/sql"
	"errors"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

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

// newRouter guards the routes. WrapMiddleware makes Echo's kind of middleware
// of a guard, and Request().Context() is the context Doorward is asked with.
func newRouter(app *batteries.App, db *sql.DB) *echo.Echo {
	user, admin := echo.WrapMiddleware(app.RequireUser()), echo.WrapMiddleware(app.RequireRoles("admin"))
	e := echo.New()
	e.Renderer = &echo.TemplateRenderer{Template: demo.Pages()}
	e.Use(middleware.Recover())
	e.GET("/", home)
	e.GET("/account", page("account"), user)
	e.POST("/account", save(db), user)
	e.GET("/projects/:id", page("project"), user)
	e.GET("/admin", page("admin"), user, admin)
	e.GET("/api/me", me, user)
	return e
}

// home is for everybody. user is nil if nobody is signed in.
func home(c *echo.Context) error {
	user, err := doorward.CurrentUser[*User](c.Request().Context())
	if err != nil && !errors.Is(err, doorward.ErrAnonymous) {
		return echo.ErrServiceUnavailable.Wrap(err) // the database does not answer
	}
	return c.Render(http.StatusOK, "home", map[string]any{"User": user})
}

// page shows a page to the user whom a guard let through. A form in it carries
// the CSRF token that the guard of a POST looks for.
func page(name string) echo.HandlerFunc {
	return func(c *echo.Context) error {
		ctx := c.Request().Context()
		user, _ := doorward.CurrentUser[*User](ctx)
		return c.Render(http.StatusOK, name, map[string]any{"User": user, "CSRF": doorward.CSRFToken(ctx), "ID": c.Param("id")})
	}
}

// save writes a column of the application's own.
func save(db *sql.DB) echo.HandlerFunc {
	return func(c *echo.Context) error {
		ctx := c.Request().Context()
		user, _ := doorward.CurrentUser[*User](ctx)
		if _, err := db.ExecContext(ctx, `UPDATE "user" SET company = ? WHERE id = ?`, c.FormValue("company"), user.ID); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/account")
	}
}

// me is for programs: with the cookie of a session, or an Authentication-Token.
func me(c *echo.Context) error {
	user, _ := doorward.CurrentUser[*User](c.Request().Context())
	return c.JSON(http.StatusOK, map[string]any{"email": user.Email, "company": user.Company})
}
