// Command gin is an application on the Gin framework, with Doorward in front of it.
// What is not about signing in is in internal/demo.
package main

import (
	"database/sql"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

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

// newRouter guards the routes.
func newRouter(app *batteries.App, db *sql.DB) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.Recovery())
	r.SetHTMLTemplate(demo.Pages())
	r.GET("/", home)
	user := r.Group("/", guard(app.RequireUser()))
	user.GET("/account", page("account"))
	user.POST("/account", save(db))
	user.GET("/projects/:id", page("project"))
	user.GET("/admin", guard(app.RequireRoles("admin")), page("admin"))
	user.GET("/api/me", me)
	return r
}

// guard makes Gin's kind of middleware of a guard. The router must be within
// app.Handler: then the guard passes on the writer that Gin has already.
func guard(g func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		g(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed, c.Request = true, r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort() // the guard has answered
		}
	}
}

// home is for everybody. user is nil if nobody is signed in.
func home(c *gin.Context) {
	user, err := doorward.CurrentUser[*User](c.Request.Context())
	if err != nil && !errors.Is(err, doorward.ErrAnonymous) {
		_ = c.AbortWithError(http.StatusServiceUnavailable, err) // the database does not answer
		return
	}
	c.HTML(http.StatusOK, "home", gin.H{"User": user})
}

// page shows a page to the user whom a guard let through. A form in it carries
// the CSRF token that the guard of a POST looks for.
func page(name string) gin.HandlerFunc {
	return func(c *gin.Context) {
		user, _ := doorward.CurrentUser[*User](c.Request.Context())
		c.HTML(http.StatusOK, name, gin.H{"User": user, "CSRF": doorward.CSRFToken(c.Request.Context()), "ID": c.Param("id")})
	}
}

// save writes a column of the application's own.
func save(db *sql.DB) gin.HandlerFunc {
	return func(c *gin.Context) {
		user, _ := doorward.CurrentUser[*User](c.Request.Context())
		if _, err := db.ExecContext(c.Request.Context(), `UPDATE "user" SET company = ? WHERE id = ?`, c.PostForm("company"), user.ID); err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.Redirect(http.StatusSeeOther, "/account")
	}
}

// me is for programs: with the cookie of a session, or an Authentication-Token.
func me(c *gin.Context) {
	user, _ := doorward.CurrentUser[*User](c.Request.Context())
	c.JSON(http.StatusOK, gin.H{"email": user.Email, "company": user.Company})
}
