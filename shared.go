package doorward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/doorward/doorward/codec"
)

// A session cookie that another system writes, too (see [codec.Session]), says who
// is signed in where both can read it. What is the engine's alone - the id of the
// row, drafts - is sealed, and goes through the other application unread.
//
// Who has our id and a live row is signed in as ever. Who has our id and no row
// was signed out. Who has none was signed in by the other application: there is
// no row, and nothing but the uniquifier ends such a session.
//
// The other application knows nothing of our id, and leaves it where it is when
// somebody signs out there. It is therefore bound to the user and the CSRF secret
// of the cookie that it was written with: without them it is a row to be ended.

const sharedAAD = "session in a shared cookie"

// openShared reads a shared cookie.
func (v *visit) openShared(value string) (b browser, err error) {
	c, err := v.e.cfg.Codecs.Session.Open(value, v.e.now())
	if err != nil {
		v.e.log.DebugContext(v.ctx(), "session cookie not read", "err", err)
		return b, err
	}
	b, unread := v.openOwn(c.Own)
	if b.csrf != nil && !bytes.Equal(b.csrf, c.CSRF) || b.id != nil && b.User != c.User {
		b = browser{left: b.id}
	}
	b.shared, b.issued, b.csrf, b.User = &c, c.SignedAt, nil, ""
	if len(c.CSRF) == csrfSize {
		b.csrf = c.CSRF
	}
	for _, f := range c.Flashes {
		b.Flashes = append(b.Flashes, flash{f.Category, f.Text})
	}
	switch {
	case c.User == "" || b.id != nil:
	case unread != nil: // nobody can say any more whether its row was ended: it counts as if
		v.e.log.DebugContext(v.ctx(), "our part of the session cookie not read", "err", unread)
		v.dirty = true
	default:
		b.Session = v.withoutRow(&c)
	}
	return b, nil
}

// openOwn reads our part, if there is one. The error is that it cannot be read:
// the other application may have signed anew what was sealed with a key that is
// gone since.
func (v *visit) openOwn(sealed string) (b browser, err error) {
	if sealed == "" {
		return b, nil
	}
	plain, err := v.e.cookies.OpenString(sealed, sharedAAD)
	if err == nil {
		err = b.decode(plain)
	}
	if err != nil {
		return browser{}, err
	}
	b.Session, b.Flashes = nil, nil
	return b, nil
}

// withoutRow is the session of who was signed in by the other application. It
// cannot be said when it was used last, nor when it began: a cookie is good as
// long as PERMANENT_SESSION_LIFETIME says.
func (v *visit) withoutRow(c *codec.Cookie) *Session {
	now := v.e.now()
	s := &Session{Uniquifier: c.User, CreatedAt: c.SignedAt, SeenAt: now, ExpiresAt: c.SignedAt.Add(v.e.cfg.Session.Lifetime)}
	if !c.AuthnAt.After(now.Add(maxSkew)) {
		s.AuthnAt, s.Fresh = c.AuthnAt, !c.AuthnAt.IsZero()
	}
	s.GraceUntil = v.graceOf(c)
	return s
}

// graceOf is how long the cookie says that a proof counts as recent; zero if it was
// written by a clock of another zone.
func (v *visit) graceOf(c *codec.Cookie) time.Time {
	if c.GraceUntil.After(v.e.now().Add(v.e.cfg.Fresh.Grace.Or(time.Hour))) {
		return time.Time{}
	}
	return c.GraceUntil
}

// maxSkew is how far clocks of two applications may differ.
const maxSkew = time.Minute

// provedElsewhere takes over that a credential was proved at the other
// application since the row was written. That counts for this cookie and is not
// stored: copies from before lead to the same row, and nothing was proved in them.
func (v *visit) provedElsewhere(row *Session) {
	c := v.b.shared
	if c == nil || v.b.id == nil || c.AuthnAt.Sub(row.AuthnAt) < time.Second || c.AuthnAt.After(v.e.now().Add(maxSkew)) {
		return
	}
	row.AuthnAt, row.Fresh, row.GraceUntil = c.AuthnAt, true, v.graceOf(c)
}

// errElsewhere stops a change of the stored row: see provedElsewhere.
var errElsewhere = errors.New("doorward: proved at another application")

// sameBrowser reports whether a session is used by the browser that began it.
func (v *visit) sameBrowser(row *Session) bool {
	if !v.rowless() || v.b.shared == nil {
		return row.Binding == v.binding()
	}
	mark := v.b.shared.Mark
	for _, m := range v.e.cfg.Codecs.Session.Marks(v.r, v.addr()) {
		if sameText(m, mark) {
			return true
		}
	}
	return false
}

// rowless reports whether the session is in the cookie alone.
func (v *visit) rowless() bool { return v.b.Session != nil }

// permanent reports whether the session cookie outlives the browser's session.
func (v *visit) permanent() bool {
	return v.e.cfg.Session.Persistent || v.b.shared != nil && v.b.shared.Permanent
}

// sealShared writes a shared cookie.
func (v *visit) sealShared() (string, error) {
	c := codec.Cookie{}
	if v.b.shared != nil {
		c = *v.b.shared
	}
	c.Forget = c.Forget && !v.answersRemember() // else the other application still has to
	c.Permanent, c.CSRF, c.Flashes = v.permanent(), v.b.csrf, nil
	for _, f := range v.b.Flashes {
		c.Flashes = append(c.Flashes, codec.Flash{Category: f.Category, Text: f.Text})
	}
	v.sealUser(&c)
	own, err := v.sealOwn(c.User)
	if err != nil {
		return "", err
	}
	c.Own = own
	value, err := v.e.cfg.Codecs.Session.Seal(c, v.e.now())
	if err != nil {
		return "", fmt.Errorf("seal session: %w", err)
	}
	return value, nil
}

// answersRemember reports whether the answer replaces or removes the remember-me cookie.
func (v *visit) answersRemember() bool {
	return slices.ContainsFunc(v.cookies, func(c *http.Cookie) bool { return c.Name == v.e.cfg.Session.RememberName })
}

// sealUser says who is signed in. A session that nobody has asked for in this
// request stays as it was.
func (v *visit) sealUser(c *codec.Cookie) {
	row := v.b.Session
	if row == nil {
		row = v.row
	}
	switch {
	case v.b.id == nil && v.b.Session == nil:
		c.User, c.Fresh, c.AuthnAt, c.GraceUntil, c.Mark = "", false, time.Time{}, time.Time{}, ""
	case row != nil:
		c.User, c.Fresh, c.AuthnAt, c.GraceUntil = row.Uniquifier, row.Fresh, row.AuthnAt, row.GraceUntil
		if v.marked { // and not where a session that moved is written anew, by whatever browser
			c.Mark = v.e.cfg.Codecs.Session.Marks(v.r, v.addr())[0]
		}
	}
}

// sealOwn seals our part, if there is something in it.
func (v *visit) sealOwn(user string) (string, error) {
	own := browser{id: v.b.id, csrf: v.b.csrf, issued: v.b.issued, browserRest: browserRest{Drafts: v.b.Drafts, CC: v.b.CC}}
	switch {
	case v.b.id != nil:
		own.User = user
	case v.b.left != nil: // it could not be ended yet
		own.id, own.User = v.b.left, leftUser
	case own.restEmpty():
		return "", nil
	}
	plain, err := own.encode()
	if err != nil {
		return "", err
	}
	return v.e.cookies.SealString(plain, sharedAAD), nil
}

// leftUser is nobody's uniquifier.
const leftUser = "-"

// endLeft ends the row that another application has signed out of.
func (v *visit) endLeft() error {
	left, sessions := v.b.left, v.e.cfg.Stores.Sessions
	if left == nil || sessions == nil {
		return nil
	}
	hash := hashID(left)
	row, _, _, err := sessions.LoadSession(v.ctx(), hash)
	if err == nil {
		err = v.endRow(v.ctx(), row)
	}
	if err = ignoreMissing(err); err != nil {
		return fmt.Errorf("end session that was left: %w", err)
	}
	v.b.left, v.dirty = nil, true
	return nil
}

// follower is the session in which somebody ends another of his own: where that gives
// him a new uniquifier it goes along, with a row if the other application began it.
type follower struct {
	v     *visit
	was   string // the uniquifier that it was read with
	row   Session
	id    []byte // of the row to be
	moved bool
}

// following returns nil if no session of u goes along.
func (e *engine) following(ctx context.Context, u User) *follower {
	v := visitFrom(ctx)
	if v == nil || v.e != e || e.cfg.Codecs.Remember == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.row == nil || v.row.Uniquifier != u.SecurityAccount().Uniquifier {
		return nil
	}
	f := &follower{v: v, was: v.row.Uniquifier, row: *v.row}
	if v.rowless() {
		f.id = randomBytes(idSize)
		f.row.IDHash, f.row.Binding = hashID(f.id), v.binding()
		f.row.Address, f.row.UserAgent = v.addr().String(), clip(v.r.UserAgent(), 255)
	}
	return f
}

// move stores the row, unless the session was ended by a change of the uniquifier meanwhile.
func (f *follower) move(ctx context.Context, old, next string) error {
	if f == nil {
		return nil
	}
	f.row.Uniquifier, f.moved = next, f.was == old
	if f.id == nil || !f.moved {
		return nil
	}
	if err := f.v.e.cfg.Stores.Sessions.CreateSession(ctx, f.row, ""); err != nil {
		return fmt.Errorf("begin session with a row: %w", err)
	}
	return nil
}

// arrive makes the session this browser's, after it was stored. Pages that are open go
// on, and nothing was proved.
func (f *follower) arrive() {
	if f == nil || !f.moved {
		return
	}
	v := f.v
	v.mu.Lock()
	defer v.mu.Unlock()
	if f.id == nil {
		v.row, v.dirty = &f.row, true
		return
	}
	secret, marked := v.b.csrf, v.marked
	v.adopt(f.row, f.id)
	v.marked = marked
	if secret != nil {
		v.b.csrf = secret
	}
}
