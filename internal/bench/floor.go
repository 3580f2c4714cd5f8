package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"strings"
)

// The floor is what anybody would write by hand and be content with: a cookie
// or header whose HMAC is checked, and one prepared SELECT.

func (w *World) sign(v string) string {
	m := hmac.New(sha256.New, w.key)
	m.Write([]byte(v))
	return v + "." + hex.EncodeToString(m.Sum(nil))
}

// signedValue returns the value in front of a good HMAC.
func (w *World) signedValue(s string) (string, bool) {
	v, _, _ := strings.Cut(s, ".")
	return v, hmac.Equal([]byte(w.sign(v)), []byte(s))
}

// leanColumns are those that a request loads of a user.
const leanColumns = `id,email,username,active,fs_uniquifier,confirmed_at`

// FloorSame scans the columns that our requests load.
func (w *World) FloorSame(ctx context.Context, value func(*http.Request) string) (http.Handler, error) {
	st, err := w.DB.PrepareContext(ctx, `SELECT `+leanColumns+` FROM "user" WHERE fs_uniquifier=?`)
	if err != nil {
		return nil, err
	}
	return w.floor(value, func(ctx context.Context, uniquifier string) (string, error) {
		var id int64
		var active bool
		var email, fs string
		var username, confirmed sql.NullString
		err := st.QueryRowContext(ctx, uniquifier).Scan(&id, &email, &username, &active, &fs, &confirmed)
		return email, err
	}), nil
}

// FloorTwo scans two columns.
func (w *World) FloorTwo(ctx context.Context, value func(*http.Request) string) (http.Handler, error) {
	st, err := w.DB.PrepareContext(ctx, `SELECT id,email FROM "user" WHERE fs_uniquifier=?`)
	if err != nil {
		return nil, err
	}
	return w.floor(value, func(ctx context.Context, uniquifier string) (string, error) {
		var id int64
		var email string
		err := st.QueryRowContext(ctx, uniquifier).Scan(&id, &email)
		return email, err
	}), nil
}

func (w *World) floor(value func(*http.Request) string, load func(context.Context, string) (string, error)) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		uniquifier, ok := w.signedValue(value(r))
		if !ok {
			http.Error(out, "nobody", http.StatusUnauthorized)
			return
		}
		email, err := load(r.Context(), uniquifier)
		if err != nil {
			http.Error(out, "nobody", http.StatusUnauthorized)
			return
		}
		_, _ = out.Write([]byte("hello " + email))
	})
}

// CookieValue and HeaderValue say where a request has its signed value.
func CookieValue(r *http.Request) string {
	c, err := r.Cookie("session")
	if err != nil {
		return ""
	}
	return c.Value
}

// HeaderValue returns the authentication token.
func HeaderValue(r *http.Request) string { return r.Header.Get("Authentication-Token") }

// SignedValues returns what n visitors of the floor carry.
func (w *World) SignedValues(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.sign(Uniquifier(1 + ((i+1)*7919)%w.Users))
	}
	return out
}
