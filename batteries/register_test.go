package batteries_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
)

type newcomer struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

func TestRegisterAndSessions(t *testing.T) {
	for _, on := range []bool{true, false} {
		cfg := batteries.Config{Config: doorward.Config{Stores: doorward.StoresFrom(memstore.New[newcomer]()), Logger: slog.New(slog.DiscardHandler)}}
		settings := map[string]any{"SECRET_KEY": "0123456789abcdef0123456789abcdef", "SECURITY_USERNAME_ENABLE": "true", "SECURITY_USERNAME_REQUIRED": "true",
			"SECURITY_PASSWORD_LENGTH_MIN": "11", "SECURITY_REGISTERABLE": on, "SECURITY_SESSIONS_PAGE": on, "SECURITY_REGISTER_URL": "/join"}
		if err := batteries.Load(&cfg, settings); err != nil {
			t.Fatal(err)
		}
		hasher, err := password.NewForTests(testhash.Allow(), cfg.Password)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Hasher = hasher
		app, err := batteries.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if (app.Register != nil) != on || (app.Sessions != nil) != on {
			t.Errorf("on=%v: register %v, sessions %v", on, app.Register, app.Sessions)
		}
		w := httptest.NewRecorder()
		app.Handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/join", nil))
		page, _ := io.ReadAll(w.Result().Body)
		if on && (w.Code != 200 || !strings.Contains(string(page), `name="username"`) || !strings.Contains(string(page), "11 characters")) || !on && w.Code != 404 {
			t.Errorf("on=%v: %d %s", on, w.Code, page)
		}
		_ = app.Close(t.Context())
	}
}
