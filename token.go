package doorward

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/signed"
)

const maxToken = 4096 // bytes of an authentication token that are looked at

// tokenPayload is what an authentication token says; the keys are the contract's.
type tokenPayload struct {
	Version string  `json:"ver"`
	UID     string  `json:"uid"`
	AuthnAt float64 `json:"fs_paa"`
	Expires int64   `json:"exp"`
	By      string  `json:"by,omitempty"` // column of UID, where it is not fs_uniquifier
}

// errForged is an ErrAnonymous: nobody we know signed the token.
var errForged = fmt.Errorf("forged token: %w", ErrAnonymous)

// issueToken returns a token for user that is as fresh as authnAt.
func (e *engine) issueToken(user User, authnAt time.Time) (string, error) {
	acc := user.SecurityAccount()
	c := codec.Claims{UID: acc.Uniquifier, AuthnAt: authnAt}
	if acc.TokenUniquifier != "" {
		c.UID, c.By = acc.TokenUniquifier, tokenColumn
	}
	if e.cfg.Token.Expire != nil {
		c.Expires = e.cfg.Token.Expire(user)
	}
	if foreign := e.cfg.Codecs.Token; foreign != nil {
		return foreign.Seal(c, e.now())
	}
	p := tokenPayload{Version: "5", UID: c.UID, By: c.By, AuthnAt: float64(authnAt.UnixMicro()) / 1e6}
	if !c.Expires.IsZero() {
		p.Expires = c.Expires.Unix()
	}
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("authentication token: %w", err)
	}
	return e.tokens.Sign(b, e.now()), nil
}

// openToken reads a token of whatever format, and says when it was signed. The
// error is ErrAnonymous or errForged.
func (e *engine) openToken(token string, maxAge time.Duration) (c codec.Claims, err error) {
	if foreign := e.cfg.Codecs.Token; foreign != nil {
		c, at, err := foreign.Open(token, e.now())
		if err != nil {
			e.log.Debug("authentication token not read", "err", err)
			return c, errForged
		}
		if e.now().Sub(at) > maxAge {
			return c, ErrAnonymous
		}
		return c, nil
	}
	b, _, err := e.tokens.Verify(token, maxAge, e.now())
	if errors.Is(err, signed.ErrExpired) {
		return c, ErrAnonymous
	}
	if err != nil {
		return c, errForged
	}
	var p tokenPayload
	if json.Unmarshal(b, &p) != nil {
		return c, ErrAnonymous
	}
	c = codec.Claims{UID: p.UID, By: cmp.Or(p.By, "fs_uniquifier")}
	if sec, frac := math.Modf(p.AuthnAt); p.AuthnAt > 0 {
		c.AuthnAt = time.Unix(int64(sec), int64(frac*1e9)).Truncate(time.Microsecond)
	}
	if p.Expires > 0 {
		c.Expires = time.Unix(p.Expires, 0)
	}
	return c, nil
}

// checkToken returns who token identifies, in one round trip. A token that is
// forged, expired or of an account that is gone or switched off is
// ErrAnonymous: it counts as no token at all.
func (e *engine) checkToken(ctx context.Context, token string) (Identity, error) {
	if token == "" || len(token) > maxToken {
		return Identity{}, ErrAnonymous
	}
	maxAge := e.cfg.Token.MaxAge.Or(15 * time.Minute)
	c, err := e.openToken(token, max(maxAge, time.Second))
	if err != nil {
		return Identity{}, err
	}
	if c.UID == "" || !c.Expires.IsZero() && c.Expires.Unix() < e.now().Unix() {
		return Identity{}, ErrAnonymous
	}
	user, roles, err := e.tokenUser(ctx, c)
	if errors.Is(err, ErrNotFound) || err == nil && !user.SecurityAccount().Active {
		return Identity{}, ErrAnonymous
	}
	if err != nil {
		return Identity{}, fmt.Errorf("load token's user: %w", err)
	}
	id := Identity{User: user, Roles: roles, Mechanism: MechanismToken, AuthnAt: c.AuthnAt}
	fire(ctx, e, &e.hooks.TokenAccepted, TokenAccepted{User: user})
	return id, nil
}

// tokenUser finds whom a token names: by the column that it says, or by the
// uniquifier and then, where there is such a column, the token uniquifier. One
// value is never in both: they are random.
func (e *engine) tokenUser(ctx context.Context, c codec.Claims) (User, []Role, error) {
	users := e.cfg.Stores.Users
	if c.By == tokenColumn {
		return users.LoadUser(ctx, UserQuery{Attr: tokenColumn, Value: c.UID})
	}
	user, roles, err := users.LoadUser(ctx, UserQuery{Attr: "fs_uniquifier", Value: c.UID})
	if c.By == "" && errors.Is(err, ErrNotFound) {
		user, roles, err = users.LoadUser(ctx, UserQuery{Attr: tokenColumn, Value: c.UID})
	}
	return user, roles, err
}

const tokenColumn = "fs_token_uniquifier"

// presentedToken returns the token of the request and where it was: "body",
// "query", "header", or "" for none. Body before query before header.
func (v *visit) presentedToken() (token, where string) {
	cfg := &v.e.cfg.Token
	if v.body != nil {
		if s, ok := v.body.json[cfg.Key].(string); ok && s != "" {
			return s, "body"
		}
	}
	if cfg.InQuery.Or(false) {
		if s := v.r.URL.Query().Get(cfg.Key); s != "" {
			return s, "query"
		}
	}
	if s := v.r.Header.Get(cfg.Header); s != "" {
		return s, "header"
	}
	return "", ""
}

// peekBody looks for a token in the JSON body of an application's request, and
// puts the body back.
func (v *visit) peekBody(r *http.Request) {
	if r.Body == nil || !isJSON(r.Header.Get("Content-Type")) {
		return
	}
	max := v.e.cfg.Limits.Body
	start, err := io.ReadAll(io.LimitReader(r.Body, max+1))
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), rest), rest}
	var b body
	if err != nil || int64(len(start)) > max || b.readJSON(bytes.NewReader(start)) != nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.body == nil {
		v.body = &b
		v.results = slices.DeleteFunc(v.results, func(c checked) bool { return c.mechanism == MechanismToken })
	}
}

// wantsToken reports whether the answer to a sign-in carries a token. A GET's
// never does: it is not protected against forgery (CVE-2021-21241).
func (e *engine) wantsToken(r *http.Request) bool {
	return !e.isSafe(r) && (e.cfg.Token.Always || r.URL.Query().Has("include_auth_token"))
}
