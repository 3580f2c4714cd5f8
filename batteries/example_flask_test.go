package batteries_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/memstore"
)

// Handlers in Go beside a Flask application: sessions that it begins are known
// here, and the other way round.
func ExampleConfig_flask() {
	store := memstore.New[User]()
	app, err := besideFlask(doorward.StoresFrom(store), []byte("the SECRET_KEY of the Flask application"), "its SECURITY_PASSWORD_SALT")
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("POST /orders", app.RequireRoles("clerk")(http.HandlerFunc(order)))
	mux.Handle("GET /reports/{name}", app.RequireUser()(http.HandlerFunc(report)))
	handler := app.Handler(mux)

	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://app.example.org/reports/may", http.NoBody))
	fmt.Println(answer.Code, answer.Header().Get("Location"))
	// Output: 302 /login?next=/reports/may
}

func besideFlask(stores doorward.Stores, secretKey []byte, salt string) (*batteries.App, error) {
	cfg := batteries.Config{Flask: &flaskcompat.Config{}}
	cfg.Stores, cfg.SecretKey = stores, secretKey
	cfg.Password.Salt = salt
	return batteries.New(cfg)
}

func report(w http.ResponseWriter, r *http.Request) {
	user, err := doorward.CurrentUser[*User](r.Context())
	if err != nil {
		http.Error(w, "the database is away", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "%s for %s\n", r.PathValue("name"), user.Email)
}

func order(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
