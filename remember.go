package doorward

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// The remember-me cookie is "selector.secret". The selector finds the row, of
// which the secret's hash must agree; each use replaces the secret. A secret
// that was replaced longer ago than a moment has been copied, and ends the row.

const (
	selectorSize = 16
	secretSize   = 32
)

var errReplayed = errors.New("doorward: a replaced remember-me value came back")

func hashText(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func sameText(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// rememberCookie returns selector and secret of the request's cookie.
func (v *visit) rememberCookie() (selector, secret string, ok bool) {
	c, err := v.r.Cookie(v.e.cfg.Session.RememberName)
	if err != nil {
		return "", "", false
	}
	selector, secret, ok = strings.Cut(c.Value, ".")
	return selector, secret, ok && isHex(selector, 2*selectorSize) && isHex(secret, 2*secretSize)
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

// remembers reports whether browsers can be remembered at all.
func (e *engine) remembers() bool {
	return e.cfg.Stores.Remember != nil || e.cfg.Codecs.Remember != nil
}

func (v *visit) hasRemember() bool {
	if !v.e.remembers() {
		return false
	}
	_, _, ok := v.rememberCookie()
	if v.e.cfg.Codecs.Remember != nil {
		ok = v.rememberedAs() != ""
	}
	v.touched = v.touched || ok
	return ok
}

// rememberedAs is the uniquifier in a cookie of another system's format. There
// is no row of it: it is good until the uniquifier rotates.
func (v *visit) rememberedAs() string {
	c, err := v.r.Cookie(v.e.cfg.Session.RememberName)
	if err != nil || v.b.shared != nil && v.b.shared.Forget {
		return ""
	}
	uniquifier, err := v.e.cfg.Codecs.Remember.Open(c.Value)
	if err != nil {
		v.e.log.DebugContext(v.ctx(), "remember-me cookie not read", "err", err)
		return ""
	}
	return uniquifier
}

// useRemember spends the cookie's secret and returns the next one, or "" if the
// cookie keeps its own: it was sent at once with the request that rotated it.
func (v *visit) useRemember(ctx context.Context) (Remember, string, error) {
	if v.e.cfg.Codecs.Remember != nil {
		return Remember{Uniquifier: v.rememberedAs()}, "", nil
	}
	selector, secret, _ := v.rememberCookie()
	now, next := v.e.now(), hex.EncodeToString(randomBytes(secretSize))
	have := hashText(secret)
	out := ""
	rm, err := v.e.cfg.Stores.Remember.UpdateRemember(ctx, selector, func(r *Remember) error {
		out = ""
		switch {
		case !now.Before(r.ExpiresAt):
			return ErrNotFound
		case ahead(r.RotatedAt, now):
			return errAhead
		case sameText(r.Verifier, have):
			r.Previous, r.Verifier, r.RotatedAt = r.Verifier, hashText(next), now
			if v.e.cfg.Session.RememberRefresh {
				r.ExpiresAt = now.Add(v.e.cfg.Session.RememberDuration)
			}
			out = next
		case sameText(r.Previous, have) && now.Sub(r.RotatedAt) < v.e.cfg.Session.RememberGrace:
		default:
			return errReplayed
		}
		return nil
	})
	if err != nil {
		return rm, "", fmt.Errorf("use remember-me: %w", err)
	}
	return rm, out, nil
}

// answerRemember puts what became of the remember-me cookie into the answer.
func (v *visit) answerRemember(r restored, err error) error {
	switch {
	case errors.Is(err, errAhead):
		return ErrAnonymous
	case errors.Is(err, errReplayed):
		selector, _, _ := v.rememberCookie()
		v.e.log.WarnContext(v.ctx(), "remember-me value used twice; this browser is no longer remembered", "address", v.addr())
		v.e.note(v.ctx(), Record{Action: "remembered", Outcome: outcomeRefused, User: r.user, Level: slog.LevelWarn, Attrs: []slog.Attr{slog.String("reason", "replayed")}})
		if err := v.e.cfg.Stores.Remember.EndRemember(v.ctx(), selector); err != nil {
			return fmt.Errorf("end remember-me: %w", err)
		}
		fallthrough
	case errors.Is(err, ErrNotFound):
		v.clearCookie(v.e.cfg.Session.rememberAttrs(), v.e.cfg.Session.RememberName)
		return ErrAnonymous
	case err != nil:
		return err
	}
	if r.secret != "" {
		v.sendRemember(r.remember, r.secret)
	}
	return nil
}

func (v *visit) sendRemember(rm Remember, secret string) {
	value := rm.Selector + "." + secret
	if f := v.e.cfg.Codecs.Remember; f != nil {
		value = f.Seal(rm.Uniquifier)
	}
	c := v.e.cfg.Session.rememberAttrs().cookie(v.e.cfg.Session.RememberName, value, v.tls())
	c.Expires = rm.ExpiresAt.UTC()
	v.setCookie(c)
}

// newRemember is the row that remembers this browser for user, with its secret.
func (v *visit) newRemember(user User) (rm Remember, secret string) {
	now := v.e.now()
	secret = hex.EncodeToString(randomBytes(secretSize))
	return Remember{
		Selector: hex.EncodeToString(randomBytes(selectorSize)), Verifier: hashText(secret), RotatedAt: now,
		Uniquifier: user.SecurityAccount().Uniquifier, CreatedAt: now, ExpiresAt: now.Add(v.e.cfg.Session.RememberDuration),
	}, secret
}

// forget ends the row of the request's remember-me cookie, if its secret is
// right. The cookie stays until that is stored: see forgotten.
func (v *visit) forget(ctx context.Context) error {
	selector, secret, ok := v.rememberCookie()
	store := v.e.cfg.Stores.Remember
	if store == nil || !ok || v.e.cfg.Codecs.Remember != nil {
		return nil
	}
	have := hashText(secret)
	_, err := store.UpdateRemember(ctx, selector, func(r *Remember) error {
		if !sameText(r.Verifier, have) && !sameText(r.Previous, have) {
			return ErrNotFound
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = store.EndRemember(ctx, selector)
	}
	if err != nil {
		return fmt.Errorf("forget this browser: %w", err)
	}
	return nil
}

// forgotten takes the remember-me cookie from the browser.
func (v *visit) forgotten() {
	if _, err := v.r.Cookie(v.e.cfg.Session.RememberName); err == nil {
		v.clearCookie(v.e.cfg.Session.rememberAttrs(), v.e.cfg.Session.RememberName)
	}
}
