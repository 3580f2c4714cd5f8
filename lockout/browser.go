package lockout

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/doorward/doorward"
)

// A browser that signed in to an account has a cookie that says so: a random
// name, and tags of the accounts, newest first, signed. It lets nobody in and
// proves nothing; it gives the browser a budget of its own, which a stranger
// cannot use up (ASVS 6.1.1; OWASP calls it a device cookie).

const (
	maxAccounts = 8 // tags in one cookie; who shares a browser with more is a stranger again
	tagLen      = 22
)

// tag dies with the sessions of its user: what ends all of them, because one may
// be a thief's, ends what his browser is allowed (ASVS 7.4.3).
func (f *Feature) tag(account string, u doorward.User) string {
	return f.names.Digest("tag\x00" + u.SecurityAccount().Uniquifier + "\x00" + anyCase(account))[:tagLen]
}

// browser returns the name of the request's browser and its tags; none if it is
// not known.
func (f *Feature) browser(ctx context.Context) (id string, tags []string) {
	value := f.rt.Web().Cookie(ctx, f.cfg.BrowserCookie)
	if value == "" {
		return "", nil
	}
	payload, _, err := f.browsers.Verify(value, f.cfg.BrowserAge, f.rt.Now())
	if err != nil {
		return "", nil
	}
	parts := strings.Split(string(payload), " ")
	return parts[0], parts[1:]
}

func (f *Feature) knownBrowser(ctx context.Context, account string, u doorward.User) (id string, known bool) {
	if u == nil {
		return "", false
	}
	id, tags := f.browser(ctx)
	return id, slices.Contains(tags, f.tag(account, u))
}

// know makes the request's browser one that signed in to u's account.
func (f *Feature) know(ctx context.Context, u doorward.User) {
	id, tags := f.browser(ctx)
	if id == "" {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails
		id = hex.EncodeToString(b[:])
	}
	tag := f.tag(f.rt.SignIn().AccountName(u), u)
	tags = append([]string{tag}, slices.DeleteFunc(tags, func(t string) bool { return t == tag })...)
	tags = tags[:min(len(tags), maxAccounts)]
	value := f.browsers.Sign([]byte(id+" "+strings.Join(tags, " ")), f.rt.Now())
	f.rt.Web().SetCookie(ctx, f.cfg.BrowserCookie, value, f.cfg.BrowserAge)
}

// Issue implements [doorward.Issuer]: every sign-in makes its browser known.
func (f *Feature) Issue(ctx context.Context, id doorward.Identity) (map[string]any, []*http.Cookie, error) {
	f.know(ctx, id.User)
	return nil, nil, nil
}
