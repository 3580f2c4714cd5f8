package doorward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// establish begins the session: tracking, a new row and id and remember-me in
// one transaction, then the tokens of the answer, then the event.
func (e *engine) establish(r *http.Request, v *visit, a *Attempt) (Result, error) {
	id, err := v.begin(a)
	if err != nil {
		return Result{}, err
	}
	payload, err := e.userPayload(r, v, id, false)
	if err != nil {
		return Result{}, errors.Join(err, v.undo(id))
	}
	fire(r.Context(), e, &e.hooks.Authenticated, Authenticated{User: a.User, Via: a.Via, At: id.AuthnAt})
	view := a.View
	if view == "" {
		view = e.cfg.URLs.PostLogin
	}
	res := Result{Redirect: e.afterAction(r, a.Next, view), Flash: a.Flash, JSON: map[string]any{"user": payload}}
	if a.End != nil {
		res = e.endLink(r, *a.End)
		res.Flash, res.JSON = append(res.Flash, a.Flash...), map[string]any{"user": payload}
	}
	if !a.second {
		res.JSON["tf_required"] = false
	}
	for k, val := range a.JSON {
		res.JSON[k] = val
	}
	return res, nil
}

// undo ends the session that a sign-in began and could not complete, and
// forgets the browser if that was remembered by it.
func (v *visit) undo(begun Identity) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.endRow(v.ctx(), Session{IDHash: begun.SessionID, Uniquifier: begun.User.SecurityAccount().Uniquifier})
	if v.remembered != "" && v.e.cfg.Codecs.Remember == nil {
		err = errors.Join(err, v.e.cfg.Stores.Remember.EndRemember(v.ctx(), v.remembered))
	}
	v.signedOut()
	v.clearCookie(v.e.cfg.Session.rememberAttrs(), v.e.cfg.Session.RememberName)
	return err
}

var errInactive = errors.New("doorward: switched off meanwhile")

// begin stores the sign-in and makes it this browser's session.
func (v *visit) begin(a *Attempt) (Identity, error) {
	v.mu.Lock()
	defer v.mu.Unlock() // also if a store panics: the answer needs the lock
	st, now := v.e.cfg.Stores, v.e.now().Truncate(time.Microsecond)
	var roles []Role
	var err error
	if st.Roles != nil {
		if roles, err = st.Roles.RolesOf(v.ctx(), a.User); err != nil {
			return Identity{}, fmt.Errorf("roles at sign-in: %w", err)
		}
	}
	row, id := v.newRow(a.User, a.Via, now)
	rm, secret := v.newRemember(a.User)
	remember := a.Remember && v.e.remembers()
	// In one step: half of it is no sign-in.
	err = v.e.cfg.Stores.InTx(v.ctx(), func(ctx context.Context) error { return v.storeBegin(ctx, a.User, row, now, remember, rm) })
	if errors.Is(err, errInactive) {
		return Identity{}, disabled(a.Field)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("store sign-in: %w", err)
	}
	v.forgotten()
	if remember {
		v.remembered = rm.Selector
		v.sendRemember(rm, secret)
	}
	v.adopt(row, id)
	v.b.Drafts = nil
	ident := sessionIdentity(row, a.User, roles)
	v.setIdentity(ident, nil)
	return ident, nil
}

// storeBegin stores what a sign-in changes. The session comes last: where the
// store has no transactions, what was stored before it signs nobody in.
func (v *visit) storeBegin(ctx context.Context, u User, row Session, now time.Time, remember bool, rm Remember) error {
	st := v.e.cfg.Stores
	if err := v.track(ctx, u, row.Address, now); err != nil {
		return err
	}
	if err := v.forget(ctx); err != nil {
		return err
	}
	if remember && v.e.cfg.Codecs.Remember == nil {
		if err := st.Remember.CreateRemember(ctx, rm); err != nil {
			return fmt.Errorf("remember this browser: %w", err)
		}
	}
	if st.Sessions == nil {
		return nil
	}
	return st.Sessions.CreateSession(ctx, row, v.currentRow())
}

// track writes the columns of the last sign-in, and makes sure under the
// store's lock that the account is still active.
func (v *visit) track(ctx context.Context, u User, addr string, now time.Time) error {
	if v.e.cfg.NoTracking {
		return nil
	}
	return v.e.cfg.Stores.Users.UpdateUser(ctx, u, func(acc *Account) error {
		if !acc.Active {
			return errInactive
		}
		acc.LastLoginAt, acc.LastLoginIP = acc.CurrentLoginAt, acc.CurrentLoginIP
		if acc.LastLoginAt.IsZero() {
			acc.LastLoginAt = now
		}
		acc.CurrentLoginAt, acc.CurrentLoginIP = now, clip(addr, 64)
		acc.LoginCount++
		return nil
	})
}

// userPayload is the "user" object of an answer that a sign-in or a new proof
// completed.
func (e *engine) userPayload(r *http.Request, v *visit, id Identity, token bool) (map[string]any, error) {
	out := payloadOf(id.User)
	if token || e.wantsToken(r) {
		t, err := e.issueToken(id.User, id.AuthnAt)
		if err != nil {
			return nil, err
		}
		out["authentication_token"] = t
	}
	for _, i := range e.issuers {
		more, cookies, err := i.Issue(r.Context(), id)
		if err != nil {
			return nil, fmt.Errorf("issue: %w", err)
		}
		for k, val := range more {
			out[k] = val
		}
		v.mu.Lock()
		for _, c := range cookies {
			v.setCookie(c)
			v.touched = true
		}
		v.mu.Unlock()
	}
	return out, nil
}

// payloadOf is what the application shows of a user.
func payloadOf(u User) map[string]any {
	out := map[string]any{}
	if p, ok := u.(interface{ SecurityPayload() map[string]any }); ok {
		for k, v := range p.SecurityPayload() {
			out[k] = v
		}
	}
	return out
}

// Logout signs this browser out: the session's row and the remember-me row are
// gone, so that no saved cookie works, and the CSRF secret changes. It is no
// error if nobody is signed in.
func (s SignIn) Logout(r *http.Request) error { return s.e.logout(r) }

func (e *engine) logout(r *http.Request) error {
	v := visitFrom(r.Context())
	if v == nil {
		return errors.New("doorward: sign-out outside of Security.Authenticate")
	}
	user, err := v.end()
	if err == nil && user != nil {
		fire(r.Context(), e, &e.hooks.LoggedOut, LoggedOut{User: user})
	}
	return err
}

func (v *visit) end() (User, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.state()
	if err := v.endLeft(); err != nil {
		return nil, err
	}
	row, user, _, err := v.sessionRow(b)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("find session to end: %w", err)
	}
	err = v.e.cfg.Stores.InTx(v.ctx(), func(ctx context.Context) error { // or else who signs out stays remembered
		if err := v.endRow(ctx, row); err != nil { // also one that cannot be used just now
			return fmt.Errorf("end session: %w", err)
		}
		return v.forget(ctx)
	})
	if err != nil {
		return nil, err
	}
	v.forgotten()
	v.signedOut()
	return user, nil
}

// signedOut makes nobody of this browser, whose row is gone.
func (v *visit) signedOut() {
	b := v.state()
	b.Drafts = nil // whoever comes next at this browser has nothing to do with them
	b.id, b.Session, b.csrf, v.tokenOut, v.dirty = nil, nil, nil, "", true
	if v.e.cfg.CSRF.CookieName != "" {
		b.CC = ccClear
	}
	if _, err := v.r.Cookie(v.sessionName()); err == nil {
		v.presented = true // also one that only another application can read: it goes
	}
	v.row = nil
	v.setIdentity(Identity{}, ErrAnonymous)
}

// Login signs user in for an application that has proved who he is by means of
// its own, through the same checks as every feature: inactive accounts, gates
// and second factors are answered by the returned false, and the response has
// been written then. On true the session is established and nothing is written.
func (s *Security) Login(w http.ResponseWriter, r *http.Request, user User, via ...string) bool {
	res, err := s.e.login(w, r, &Attempt{User: user, Via: via})
	if err == nil && res.JSON["tf_required"] == false {
		return true
	}
	s.e.respond(w, r, res, err)
	return false
}

// Logout signs the browser of r out. It must be called within
// [Security.Authenticate], before the answer is written.
func (s *Security) Logout(r *http.Request) error { return s.e.logout(r) }
