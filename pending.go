package doorward

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorward/doorward/signed"
)

// A sign-in that waits for its second factor lives in the sealed cookie. It
// says nothing to anybody but the engine, and is spent by a claim on its id,
// so that an old copy of the cookie cannot complete it again.

const pendingKey = "pending" // no dot: no feature's draft is this one

const maxPendingNext = 512 // bytes; a longer next is forgotten rather than the sign-in

type pending struct {
	ID       string   `json:"i"`
	User     string   `json:"u"`
	Via      []string `json:"v"`
	Field    string   `json:"f,omitempty"`
	Remember bool     `json:"r,omitempty"`
	Next     string   `json:"n,omitempty"`
	View     string   `json:"w,omitempty"`
	Select   bool     `json:"s,omitempty"` // a method must be chosen first
	At       int64    `json:"a"`
}

func (v *visit) suspend(a *Attempt, choose bool) {
	p := pending{ID: hex.EncodeToString(randomBytes(16)), User: a.User.SecurityAccount().Uniquifier, Via: a.Via, Field: a.Field,
		Remember: a.Remember, View: a.View, Select: choose, At: v.e.now().Unix()}
	if len(a.Next) <= maxPendingNext {
		p.Next = a.Next
	}
	v.putPending(p)
}

// choose notes whether a method must be chosen for the suspended sign-in.
func (v *visit) choose(must bool) {
	var p pending
	if json.Unmarshal([]byte(v.draft(pendingKey)), &p) == nil {
		p.Select = must
		v.putPending(p)
	}
}

func (v *visit) putPending(p pending) {
	b, err := compactJSON(p)
	if err != nil {
		return // strings, numbers and booleans always marshal
	}
	v.setDraft(pendingKey, string(b))
}

// pending returns the suspended sign-in of the request's browser with its user
// as stored now.
func (e *engine) pending(r *http.Request) (p pending, a *Attempt, err error) {
	v := visitFrom(r.Context())
	if v == nil {
		return p, nil, ErrAnonymous
	}
	text := v.draft(pendingKey)
	if text == "" || json.Unmarshal([]byte(text), &p) != nil {
		return p, nil, ErrAnonymous
	}
	if age := e.now().Sub(time.Unix(p.At, 0)); age > e.cfg.Second.Pending || age < -time.Minute {
		v.setDraft(pendingKey, "")
		return p, nil, ErrAnonymous
	}
	u, err := e.cfg.Stores.Users.FindUser(r.Context(), UserQuery{Attr: "fs_uniquifier", Value: p.User})
	if errors.Is(err, ErrNotFound) {
		v.setDraft(pendingKey, "")
		return p, nil, ErrAnonymous
	}
	if err != nil {
		return p, nil, fmt.Errorf("find user of suspended sign-in: %w", err)
	}
	return p, &Attempt{ID: p.ID, User: u, Via: p.Via, Field: p.Field, Remember: p.Remember, Next: p.Next, View: p.View}, nil
}

// tryPending takes one of the tries that the suspended sign-in of r has, if there
// is one: whoever knows a password must not have the second factor to guess at
// leisure. They are counted in the store and taken before anything is compared,
// so that neither copies of the cookie nor parallel requests have more. giveBack
// is for a try that was no wrong one.
func (s SignIn) tryPending(r *http.Request) (giveBack func(), err error) {
	p, _, err := s.e.pending(r)
	if errors.Is(err, ErrAnonymous) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	key, most := []string{hashText("pending-tries\x00" + p.ID)}, s.e.cfg.Second.Tries
	count := func(n int) error {
		return s.e.cfg.Stores.Guesses.UpdateGuesses(context.WithoutCancel(r.Context()), key, func(rows []Guesses) error {
			if rows[0].Count+n > most {
				return errSpent
			}
			rows[0].Count = max(0, rows[0].Count+n)
			rows[0].At, rows[0].Expires = s.e.now(), s.e.now().Add(s.e.cfg.Second.Pending+time.Hour)
			return nil
		})
	}
	switch err = count(1); {
	case errors.Is(err, errSpent):
		return nil, s.Refuse(r)
	case err != nil:
		return nil, fmt.Errorf("count tries of a suspended sign-in: %w", err)
	}
	return func() {
		if err := count(-1); err != nil {
			s.e.log.WarnContext(r.Context(), "a try that was not wrong stays counted for its sign-in", "err", err)
		}
	}, nil
}

var errSpent = errors.New("doorward: no more tries")

const trustAAD = "tf-validity"

// trust puts the cookie into the answer that lets this browser sign user in
// without a second factor until it expires, the uniquifier rotates, or the second
// factor is another: whoever replaces the authenticator that was stolen with a
// laptop does not mean to trust the laptop. user is the whole record.
func (v *visit) trust(user User) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a := cookieAttrs{path: "/", secure: "auto", sameSite: http.SameSiteStrictMode, httpOnly: true}
	c := a.cookie(v.e.cfg.Second.CookieName, v.e.sealTrust(user), v.tls())
	c.MaxAge = int(v.e.cfg.Second.Validity / time.Second)
	v.setCookie(c)
	v.touched = true
}

func (v *visit) trusted(user User) bool {
	c, err := v.r.Cookie(v.e.cfg.Second.CookieName)
	if err != nil {
		return false
	}
	as, at, err := v.e.openTrust(c.Value)
	if err != nil {
		v.e.log.DebugContext(v.ctx(), "trust in a browser not read", "err", err)
		return false
	}
	age := v.e.now().Sub(at)
	return age < v.e.cfg.Second.Validity && age > -time.Minute && sameText(as, v.e.trustedAs(user))
}

func (e *engine) sealTrust(user User) string {
	if f := e.cfg.Codecs.Trust; f != nil {
		return f.Seal(e.trustedAs(user), e.now())
	}
	plain := fmt.Sprintf("%d|%s", e.now().Unix(), e.trustedAs(user))
	return e.trusts.SealString([]byte(plain), trustAAD)
}

func (e *engine) openTrust(value string) (as string, at time.Time, err error) {
	if f := e.cfg.Codecs.Trust; f != nil {
		return f.Open(value, e.now())
	}
	plain, err := e.trusts.OpenString(value, trustAAD)
	if err != nil {
		return "", at, err
	}
	var unix int64
	if n, _ := fmt.Sscanf(string(plain), "%d|%s", &unix, &as); n != 2 {
		return "", at, signed.ErrInvalid
	}
	return as, time.Unix(unix, 0), nil
}

// trustedAs names an account with its second factor; another system's cookie
// knows the account alone.
func (e *engine) trustedAs(user User) string {
	acc := user.SecurityAccount()
	if e.cfg.Codecs.Trust != nil {
		return acc.Uniquifier
	}
	return hashText("trusted\x00" + acc.Uniquifier + "\x00" + acc.TFPrimaryMethod + "\x00" + acc.TFTOTPSecret)
}

// selectForm is the engine's own page: which second factor to use.
type selectForm struct {
	Which string `json:"which"`
}

func (e *engine) selectRoute() Route {
	return Form[selectForm]{
		Page: func(r *http.Request, _ *selectForm) (Result, error) {
			_, have, err := e.selecting(r)
			if err != nil {
				return Result{}, err
			}
			names := methodNames(have)
			return Result{Page: e.cfg.Second.Template, Scope: "tf_select", Values: map[string]any{"Methods": names},
				JSON: map[string]any{"tf_select": true, "tf_setup_methods": names}}, nil
		},
		Submit: e.selectSubmit,
	}.Route(Route{Name: "tf_select", Path: e.cfg.Second.SelectURL})
}

func (e *engine) selectSubmit(w http.ResponseWriter, r *http.Request, in *selectForm) (Result, error) {
	a, have, err := e.selecting(r)
	if err != nil {
		return Result{}, err
	}
	for _, c := range have {
		if c.method == in.Which {
			v := visitFrom(r.Context())
			a.Next, a.Methods = e.nextOf(r, a), methodNames(have)
			v.choose(false)
			res, err := c.by.Begin(w, r, a, c.method)
			if err != nil {
				v.choose(true) // another one can be chosen
			}
			return res, err
		}
	}
	return Result{}, Fail("which", "TWO_FACTOR_METHOD_NOT_AVAILABLE")
}

func (e *engine) nothingPending() *Problem {
	p := Fail("", "TWO_FACTOR_PERMISSION_DENIED")
	if p.redirect = e.resolve(e.cfg.Second.ErrorView); strings.HasPrefix(p.redirect, ".") || p.redirect == "" {
		p.redirect = e.cfg.URLs.Root // a page that is off
	}
	return p
}

// selecting returns the suspended sign-in if a method must be chosen for it.
func (e *engine) selecting(r *http.Request) (*Attempt, []choice, error) {
	p, a, err := e.pending(r)
	if err == nil && !p.Select {
		err = ErrAnonymous
	}
	if errors.Is(err, ErrAnonymous) {
		return nil, nil, SignIn{e, ""}.Refuse(r)
	}
	if err != nil {
		return nil, nil, err
	}
	have, err := e.choices(r.Context(), a.User)
	return a, have, err
}
