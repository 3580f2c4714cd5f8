package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
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

const (
	roleText = `(SELECT group_concat(r.name||char(31)||coalesce(r.permissions,''),char(30)) FROM roles_users ru JOIN role r ON r.id=ru.role_id WHERE ru.user_id=u.id)`
	userText = `u.id,u.email,u.username,u.active,u.fs_uniquifier,u.confirmed_at,` + roleText
)

// FloorData scans everything that our requests load - session, user and roles -
// by hand, with one SELECT, and looks for the role. bySession says whether the
// signed value is a session's key or a user's identity.
func (w *World) FloorData(ctx context.Context, bySession bool, value func(*http.Request) string) (http.Handler, error) {
	text := `SELECT '','','',` + userText + ` FROM "user" u WHERE u.fs_uniquifier=(SELECT ?)`
	if bySession {
		text = `SELECT s.seen_at,s.expires_at,s.facts,` + userText + ` FROM doorward_session s JOIN "user" u ON u.fs_uniquifier=s.fs_uniquifier WHERE s.id_hash=(SELECT ?)`
	}
	st, err := w.DB.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return w.floor(value, func(ctx context.Context, key string) (string, error) {
		var seen, expires, facts any
		var id int64
		var active bool
		var email, fs string
		var username, confirmed, roles sql.NullString
		err := st.QueryRowContext(ctx, key).Scan(&seen, &expires, &facts, &id, &email, &username, &active, &fs, &confirmed, &roles)
		if err == nil && !strings.Contains(roles.String, "role3\x1f") {
			err = sql.ErrNoRows
		}
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

// SignedSessions returns what visitors of FloorData carry: the keys of stored
// sessions.
func (w *World) SignedSessions(ctx context.Context) (out []string, err error) {
	rows, err := w.DB.QueryContext(ctx, `SELECT id_hash FROM doorward_session`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		out = append(out, w.sign(key))
	}
	return out, rows.Err()
}

// SignedValues returns what n visitors of the floor carry.
func (w *World) SignedValues(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.sign(Uniquifier(1 + ((i+1)*7919)%w.Users))
	}
	return out
}
