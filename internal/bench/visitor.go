package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Visitor is a browser that speaks JSON to the handler, without a network.
type Visitor struct {
	w       *World
	h       http.Handler
	cookies map[string]string
	csrf    string
}

// Visit opens the sign-in page in a new browser.
func (w *World) Visit(ctx context.Context) (*Visitor, error) {
	v := &Visitor{w: w, h: w.App.Handler(nil), cookies: map[string]string{}}
	out, err := v.do(ctx, http.MethodGet, "/login", "")
	v.csrf, _ = out["csrf_token"].(string)
	return v, err
}

func (v *Visitor) do(ctx context.Context, method, path, body string) (map[string]any, error) {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", v.csrf)
	for name, val := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: val})
	}
	rec := httptest.NewRecorder()
	v.h.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		v.cookies[c.Name] = c.Value
	}
	var out struct{ Response map[string]any }
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	return out.Response, nil
}

// SignIn signs user i in and returns an authentication token.
func (v *Visitor) SignIn(ctx context.Context, i int) (string, error) {
	out, err := v.do(ctx, http.MethodPost, "/login?include_auth_token", fmt.Sprintf(`{"email":%q,"password":%q}`, Email(i), v.w.Plain))
	if err != nil {
		return "", err
	}
	user, _ := out["user"].(map[string]any)
	token, _ := user["authentication_token"].(string)
	return token, nil
}

// Credentials returns session cookies and tokens of n users.
func (w *World) Credentials(ctx context.Context, n int) (cookies, tokens []string, err error) {
	for i := range n {
		v, err := w.Visit(ctx)
		if err != nil {
			return nil, nil, err
		}
		token, err := v.SignIn(ctx, 1+((i+1)*7919)%w.Users)
		if err != nil {
			return nil, nil, err
		}
		cookies, tokens = append(cookies, v.cookies["session"]), append(tokens, token)
	}
	return cookies, tokens, nil
}
