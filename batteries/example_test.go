package batteries_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/sqlstore"

	_ "modernc.org/sqlite"
)

// User is the application's own type: its key, its columns, and the account.
type User struct {
	ID      int64  `db:"id,pk"`
	Company string `db:"company"`
	doorward.Account
}

func newHandler(db *sql.DB, secretKey []byte) (http.Handler, error) {
	store, err := sqlstore.New[User](db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return nil, err
	}
	cfg := batteries.Config{Register: &register.Config{}}
	cfg.Stores, cfg.SecretKey = doorward.StoresFrom(store), secretKey
	app, err := batteries.New(cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /private", app.RequireUser()(http.HandlerFunc(private)))
	return app.Handler(mux), nil
}

func private(w http.ResponseWriter, r *http.Request) {
	user, _ := doorward.CurrentUser[*User](r.Context())
	fmt.Fprintf(w, "hello %s of %s", user.Email, user.Company)
}

func Example() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	// An application that has its tables already leaves this out.
	if _, err := sqlstore.Migrate(ctx, db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := db.ExecContext(ctx, `ALTER TABLE "user" ADD COLUMN company VARCHAR(255)`); err != nil {
		fmt.Println(err)
		return
	}
	h, err := newHandler(db, []byte("an example key of sufficient size"))
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/private?page=2", nil))
	fmt.Println(answer.Code, answer.Header().Get("Location"))
	// Output: 302 /login?next=/private?page%3D2
}
