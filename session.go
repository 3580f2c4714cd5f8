package doorward

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// hashID is the key of the row whose id the cookie holds.
func hashID(id []byte) string {
	sum := sha256.Sum256(id)
	var out [2 * sha256.Size]byte
	hex.Encode(out[:], sum[:])
	return string(out[:])
}

// loadSession returns who the session cookie says is signed in. Call it with
// v.mu held. The error is ErrAnonymous, or the store's.
func (v *visit) loadSession() (Identity, error) {
	b := v.state()
	if err := v.endLeft(); err != nil {
		return Identity{}, err
	}
	var user User
	var roles []Role
	var err error
	row := &v.loadedRow
	*row, user, roles, err = v.sessionRow(b)
	if errors.Is(err, errAhead) {
		return v.loadRemembered()
	}
	if errors.Is(err, ErrNotFound) {
		if err := v.endRow(v.ctx(), *row); err != nil { // over, or of an account that is off: it must not come back
			return Identity{}, fmt.Errorf("end session: %w", err)
		}
		if b.id != nil || b.Session != nil {
			b.id, b.Session, v.dirty = nil, nil, true
		}
		return v.loadRemembered()
	}
	if err != nil {
		return Identity{}, fmt.Errorf("load session: %w", err)
	}
	v.provedElsewhere(row)
	if err := v.protect(row, user); err != nil {
		return Identity{}, err
	}
	v.row = row
	v.touch(b, row)
	v.dirty = v.dirty || b.shared != nil && b.shared.User != row.Uniquifier // it was moved: the other application is told
	return sessionIdentity(*row, user, roles), nil
}

// errAhead is an ErrNotFound for what was stored by a clock that was far ahead,
// or is looked at by one that is far behind. Its limits mean nothing then: made
// in 2036 and seen today, a session would last ten years, used or not. It is not
// ended either, since the clock that is wrong may be today's.
var errAhead = fmt.Errorf("from the future: %w", ErrNotFound)

// maxAhead is how far clocks may differ, of several machines or of one before
// and after it was set.
const maxAhead = 24 * time.Hour

func ahead(stored, now time.Time) bool { return stored.Sub(now) > maxAhead }

func sessionIdentity(row Session, user User, roles []Role) Identity {
	return Identity{User: user, Roles: roles, Mechanism: MechanismSession, AuthnAt: row.AuthnAt, Via: row.Via, SessionID: row.IDHash, Fresh: row.Fresh}
}

// sessionRow reads the row and user of the cookie, in one round trip, and
// checks that both may be used now.
func (v *visit) sessionRow(b *browser) (row Session, user User, roles []Role, err error) {
	st := v.e.cfg.Stores
	switch {
	case b.Session != nil:
		row = *b.Session
		if b.shared == nil {
			row.SeenAt = b.issued
		}
		user, roles, err = st.Users.LoadUser(v.ctx(), UserQuery{Attr: "fs_uniquifier", Value: row.Uniquifier})
	case b.id != nil && st.Sessions != nil:
		row, user, roles, err = st.Sessions.LoadSession(v.ctx(), hashID(b.id))
	default:
		return row, nil, nil, ErrNotFound
	}
	if err != nil {
		return row, nil, nil, err
	}
	now := v.e.now()
	if ahead(row.SeenAt, now) {
		return row, nil, nil, errAhead
	}
	if !user.SecurityAccount().Active || !now.Before(row.ExpiresAt) || now.Sub(row.SeenAt) >= v.e.cfg.Session.Idle {
		return row, nil, nil, ErrNotFound
	}
	return row, user, roles, nil
}

// touch notes that the session was used; at most once in LastSeenEvery.
func (v *visit) touch(b *browser, row *Session) {
	now := v.e.now()
	if now.Sub(row.SeenAt) < v.e.cfg.Limits.LastSeenEvery {
		return
	}
	if b.Session != nil {
		v.dirty = true
		return
	}
	v.e.seen.add(row.IDHash, now)
}

// binding is what session protection compares: address and browser.
func (v *visit) binding() string {
	text := make([]byte, 0, 256)
	text = append(v.addr().AppendTo(text), '|')
	sum := sha256.Sum256(append(text, v.r.UserAgent()...))
	var out [32]byte
	hex.Encode(out[:], sum[:16])
	return string(out[:])
}

// protect compares the browser of this request with the one that signed in. In
// basic mode another one must prove itself again before sensitive pages; in
// strong mode the session ends.
func (v *visit) protect(row *Session, user User) error {
	mode := v.e.protection
	if mode == "" || mode == "basic" && !row.Fresh || v.sameBrowser(row) {
		return nil
	}
	strong, news := mode == "strong", true
	var err error
	if strong {
		err = v.e.cfg.Stores.InTx(v.ctx(), func(ctx context.Context) error { // the copy may have both cookies
			if err := v.endRow(ctx, *row); err != nil {
				return err
			}
			return v.forget(ctx)
		})
	} else {
		news, err = v.unfresh(row)
	}
	if err != nil {
		return fmt.Errorf("protect session: %w", err)
	}
	if news {
		fire(v.ctx(), v.e, &v.e.hooks.SessionProtected, SessionProtected{User: user, Ended: strong})
	}
	if strong {
		v.forgotten()
		v.b.id, v.b.Session, v.b.csrf, v.dirty = nil, nil, nil, true
		return ErrAnonymous
	}
	return nil
}

// unfresh makes the session one that nothing was proved in, and reports whether
// that is news: a session that is in the cookie alone meets the same at each request.
func (v *visit) unfresh(row *Session) (news bool, err error) {
	stale := func(s *Session) error { s.Fresh = false; return nil }
	_ = stale(row) // also if it has been ended meanwhile
	switch {
	case v.rowless() && v.b.shared != nil && !v.b.shared.Fresh:
		return false, stale(v.b.Session)
	case v.rowless():
		return true, v.updateRow(row, stale)
	}
	v.dirty = v.dirty || v.b.shared != nil // what that said of a proof elsewhere is over
	return true, v.storeRow(row, stale)
}

// updateRow changes the session in hand, and what is stored of it.
func (v *visit) updateRow(row *Session, change func(*Session) error) error {
	if v.rowless() {
		if err := change(row); err != nil {
			return err
		}
		s := *row
		v.b.Session, v.dirty = &s, true
		return nil
	}
	err := v.storeRow(row, func(s *Session) error {
		if row.AuthnAt.After(s.AuthnAt) {
			return errElsewhere
		}
		return change(s)
	})
	if errors.Is(err, errElsewhere) {
		v.dirty = true
		return change(row)
	}
	return err
}

// storeRow changes the stored session and the copy in hand. An ended session
// stays ended.
func (v *visit) storeRow(row *Session, change func(*Session) error) error {
	err := v.e.cfg.Stores.Sessions.UpdateSession(v.ctx(), row.IDHash, func(s *Session) error {
		if err := change(s); err != nil {
			return err
		}
		*row = *s
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// endRow ends a session, wherever it has moved to since row was read (see moveAway).
func (v *visit) endRow(ctx context.Context, row Session) error {
	sessions := v.e.cfg.Stores.Sessions
	if sessions == nil || row.IDHash == "" {
		return nil
	}
	err := sessions.EndSession(ctx, row.Uniquifier, row.IDHash)
	if errors.Is(err, ErrNotFound) && v.e.cfg.Codecs.Remember != nil {
		if row, _, _, err = sessions.LoadSession(ctx, row.IDHash); err == nil {
			err = sessions.EndSession(ctx, row.Uniquifier, row.IDHash)
		}
	}
	return ignoreMissing(err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// newRow begins a session for user. authnAt is zero after remember-me.
func (v *visit) newRow(user User, via []string, authnAt time.Time) (Session, []byte) {
	id, now := randomBytes(idSize), v.e.now()
	return Session{
		IDHash: hashID(id), Uniquifier: user.SecurityAccount().Uniquifier,
		AuthnAt: authnAt, Fresh: !authnAt.IsZero(), Via: via, Binding: v.binding(),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(v.e.cfg.Session.Lifetime),
		Address: v.addr().String(), UserAgent: clip(v.r.UserAgent(), 255),
	}, id
}

// adopt makes row the session of this browser: a new id, and a new CSRF
// secret, so that nothing planted before the sign-in is worth anything after it
// (ASVS 7.2.4).
func (v *visit) adopt(row Session, id []byte) {
	b := v.state()
	b.csrf, v.tokenOut, v.dirty = randomBytes(csrfSize), "", true
	if v.e.cfg.CSRF.CookieName != "" { // otherwise it would only make the cookie longer
		b.CC = ccSet
	}
	if v.e.cfg.Stores.Sessions == nil {
		b.id, b.Session = nil, &row
	} else {
		b.id, b.Session = id, nil
	}
	b.left, v.marked = nil, true
	v.row = &row
}

// currentRow is the id hash of the row that the cookie names, alive or not.
func (v *visit) currentRow() string {
	switch b := v.state(); {
	case b.id != nil:
		return hashID(b.id)
	case b.left != nil:
		return hashID(b.left)
	}
	return ""
}

// loadRemembered signs in the user whom the remember-me cookie names, into a
// new session that is not fresh. The value in the cookie is replaced.
func (v *visit) loadRemembered() (Identity, error) {
	if !v.hasRemember() {
		return Identity{}, ErrAnonymous
	}
	var r restored
	// In one step: what ends all sessions of the user comes before or after it.
	err := v.e.cfg.Stores.InTx(v.ctx(), func(ctx context.Context) (err error) {
		r, err = v.restore(ctx)
		return err
	})
	if err := v.answerRemember(r, err); err != nil {
		return Identity{}, err
	}
	v.adopt(r.row, r.id)
	fire(v.ctx(), v.e, &v.e.hooks.Remembered, Remembered{User: r.user})
	return sessionIdentity(r.row, r.user, r.roles), nil
}

// restored is a session that a remember-me cookie began.
type restored struct {
	remember Remember
	secret   string // the next one; "" if the cookie keeps its own
	row      Session
	id       []byte
	user     User
	roles    []Role
}

func (v *visit) restore(ctx context.Context) (r restored, err error) {
	if r.remember, r.secret, err = v.useRemember(ctx); err != nil {
		return r, err
	}
	st := v.e.cfg.Stores
	r.user, r.roles, err = st.Users.LoadUser(ctx, UserQuery{Attr: "fs_uniquifier", Value: r.remember.Uniquifier})
	if err != nil {
		return r, fmt.Errorf("load remembered user: %w", err)
	}
	if !r.user.SecurityAccount().Active {
		return r, ErrNotFound
	}
	r.row, r.id = v.newRow(r.user, []string{"remember"}, time.Time{})
	if st.Sessions == nil {
		return r, nil
	}
	if err := st.Sessions.CreateSession(ctx, r.row, v.currentRow()); err != nil {
		return r, fmt.Errorf("begin remembered session: %w", err)
	}
	return r, v.stillRemembered(ctx, r)
}

// stillRemembered undoes a session whose remember-me row was ended while it was
// begun. A transaction makes that impossible; this is for stores without.
func (v *visit) stillRemembered(ctx context.Context, r restored) error {
	if v.e.cfg.Stores.Tx != nil || v.e.cfg.Codecs.Remember != nil {
		return nil
	}
	_, err := v.e.cfg.Stores.Remember.UpdateRemember(ctx, r.remember.Selector, func(*Remember) error { return nil })
	if err == nil {
		return nil
	}
	return errors.Join(err, v.endRow(ctx, r.row))
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 { // not inside a UTF-8 sequence
		n--
	}
	return s[:n]
}

func (e *engine) isSafe(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions || r.Method == http.MethodTrace
}
