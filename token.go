package doorward

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"time"

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
	p := tokenPayload{Version: "5", UID: acc.Uniquifier, AuthnAt: float64(authnAt.UnixMicro()) / 1e6}
	if acc.TokenUniquifier != "" {
		p.UID, p.By = acc.TokenUniquifier, "fs_token_uniquifier"
	}
	if e.cfg.Token.Expire != nil {
		if at := e.cfg.Token.Expire(user); !at.IsZero() {
			p.Expires = at.Unix()
		}
	}
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("authentication token: %w", err)
	}
	return e.tokens.Sign(b, e.now()), nil
}

// checkToken returns who token identifies, in one round trip. A token that is
// forged, expired or of an account that is gone or switched off is
// ErrAnonymous: it counts as no token at all.
func (e *engine) checkToken(ctx context.Context, token string) (Identity, error) {
	if token == "" || len(token) > maxToken {
		return Identity{}, ErrAnonymous
	}
	maxAge := e.cfg.Token.MaxAge.Or(15 * time.Minute)
	b, _, err := e.tokens.Verify(token, max(maxAge, time.Second), e.now())
	if errors.Is(err, signed.ErrExpired) {
		return Identity{}, ErrAnonymous
	}
	if err != nil {
		return Identity{}, errForged
	}
	var p tokenPayload
	if json.Unmarshal(b, &p) != nil || p.UID == "" || p.Expires > 0 && p.Expires < e.now().Unix() {
		return Identity{}, ErrAnonymous
	}
	attr := "fs_uniquifier"
	if p.By == "fs_token_uniquifier" {
		attr = p.By
	}
	user, roles, err := e.cfg.Stores.Users.LoadUser(ctx, UserQuery{Attr: attr, Value: p.UID})
	if errors.Is(err, ErrNotFound) || err == nil && !user.SecurityAccount().Active {
		return Identity{}, ErrAnonymous
	}
	if err != nil {
		return Identity{}, fmt.Errorf("load token's user: %w", err)
	}
	id := Identity{User: user, Roles: roles, Mechanism: MechanismToken}
	if sec, frac := math.Modf(p.AuthnAt); p.AuthnAt > 0 {
		id.AuthnAt = time.Unix(int64(sec), int64(frac*1e9)).Truncate(time.Microsecond)
	}
	fire(ctx, e, &e.hooks.TokenAccepted, TokenAccepted{User: user})
	return id, nil
}

// presentedToken returns the token of the request and where it was: "body",
// "query", "header", or "" for none. Body before query before header.
func (v *visit) presentedToken() (token, where string) {
	cfg := &v.e.cfg.Token
	if v.body != nil {
		if s, ok := v.body.json[cfg.Key].(string); ok && s != "" {
			return s, "body"
		}
	}
	if cfg.InQuery {
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
