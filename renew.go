package doorward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Reauthenticated notes that the signed-in caller proved a credential again. A
// session gets a new id and counts as fresh; a caller with a token gets a new
// token and no session. view is where a browser goes.
func (s SignIn) Reauthenticated(r *http.Request, via, next, view string) (Result, error) {
	e, v := s.e, visitFrom(r.Context())
	id, err := IdentityFrom(r.Context())
	if err != nil {
		return Result{}, err
	}
	id.AuthnAt = e.now().Truncate(time.Microsecond)
	if id.Mechanism == MechanismSession {
		if err := v.renew(&id); err != nil {
			return Result{}, err
		}
	}
	payload, err := e.userPayload(r, v, id, id.Mechanism == MechanismToken)
	if err != nil {
		return Result{}, err
	}
	v.proofs.settle(Succeeded)
	fire(r.Context(), e, &e.hooks.Verified, Verified{User: id.User, Via: []string{via}})
	return Result{Redirect: e.afterAction(r, next, view), JSON: map[string]any{"user": payload}, Flash: []Message{M("REAUTHENTICATION_SUCCESSFUL")}}, nil
}

// renew gives the live session another id and a new time of proof.
func (v *visit) renew(id *Identity) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, proved := v.state(), v.proved(id.AuthnAt)
	if sessions := v.e.cfg.Stores.Sessions; sessions != nil && b.id != nil {
		newID := randomBytes(idSize)
		err := v.e.cfg.Stores.InTx(v.ctx(), func(ctx context.Context) error {
			if err := sessions.RekeySession(ctx, hashID(b.id), hashID(newID), id.User.SecurityAccount().Uniquifier); err != nil {
				return err
			}
			return sessions.UpdateSession(ctx, hashID(newID), proved)
		})
		if errors.Is(err, ErrNotFound) {
			return ErrAnonymous // ended while the credential was checked
		}
		if err != nil {
			return fmt.Errorf("renew session: %w", err)
		}
		b.id, v.dirty, id.SessionID = newID, true, hashID(newID)
		if v.row != nil { // for who asks later in this request
			row := *v.row
			row.IDHash = id.SessionID
			_ = proved(&row)
			v.row = &row
		}
	} else if v.row != nil && sessions != nil {
		if err := v.giveRow(id); err != nil {
			return err
		}
	} else if v.row != nil {
		if err := v.updateRow(v.row, proved); err != nil {
			return err
		}
	}
	id.Fresh, v.marked = true, true
	v.setIdentity(*id, nil)
	return nil
}

// giveRow begins a session with a row in place of one that another application
// began without.
func (v *visit) giveRow(id *Identity) error {
	row, rowID := v.newRow(id.User, id.Via, id.AuthnAt)
	if err := v.e.cfg.Stores.Sessions.CreateSession(v.ctx(), row, ""); err != nil {
		return fmt.Errorf("begin session with a row: %w", err)
	}
	secret := v.b.csrf // what was proved is who goes on, and pages that are open go on with him
	v.adopt(row, rowID)
	if secret != nil {
		v.b.csrf = secret
	}
	id.SessionID = row.IDHash
	return nil
}

// Renew applies change to the caller's own account, u, with a new uniquifier:
// every other session, remembered browser and token of it ends. This browser
// goes on, remembered as before, under a new session id and remember-me value and
// as just proved: copies of its cookies are worth nothing then. A caller with a
// token gets a new one. via names what was changed. Tokens of users
// with a TokenUniquifier go on. If the account's sessions were ended since the
// caller was let in, nothing is stored and the error is [ErrAnonymous].
func (s SignIn) Renew(r *http.Request, u User, via string, change func(*Account) error) (Result, error) {
	e, v := s.e, visitFrom(r.Context())
	id, err := IdentityFrom(r.Context())
	if err != nil {
		return Result{}, err
	}
	id.AuthnAt = e.now().Truncate(time.Microsecond)
	if err := v.renewAccount(&id, renewal{user: u, change: change, proved: true}); err != nil {
		return Result{}, err
	}
	payload, err := e.userPayload(r, v, id, id.Mechanism == MechanismToken)
	if err != nil { // too late to fail: the account has changed
		e.complain(r.Context(), "an account was changed, but what comes with the answer could not be issued", "err", err)
		payload = payloadOf(u)
	}
	v.proofs.settle(Succeeded)
	fire(r.Context(), e, &e.hooks.Authenticated, Authenticated{User: u, Via: []string{via}, At: id.AuthnAt})
	return Result{JSON: map[string]any{"user": payload}}, nil
}

// Renew applies change to the account of a link, u, with a new uniquifier: every
// session, remembered browser and token of it ends, and so do all its links. If
// this browser is signed in as u it goes on, remembered as before, under a new
// session id and as fresh as it was: a link is no proof of a credential. check
// comes before the change, in the same step.
func (l Links) Renew(r *http.Request, u User, check func(context.Context) error, change func(*Account) error) error {
	v := visitFrom(r.Context())
	id, err := IdentityFrom(r.Context())
	if err != nil && !errors.Is(err, ErrAnonymous) {
		return err
	}
	if err != nil || id.User.SecurityAccount().Uniquifier != u.SecurityAccount().Uniquifier || id.Mechanism != MechanismSession {
		id = Identity{User: u}
	}
	return v.renewAccount(&id, renewal{user: u, check: check, change: func(acc *Account) error {
		if err := change(acc); err != nil || acc.TokenUniquifier == "" {
			return err
		}
		acc.TokenUniquifier = NewUniquifier()
		return nil
	}})
}

// PostLogin is the view after signing in, where changes of an account lead, too.
func (l Links) PostLogin() string { return l.e.resolve(l.e.cfg.URLs.PostLogin) }

// LoginError is the view of single-page applications for links that do not sign in.
func (l Links) LoginError() string { return l.e.cfg.URLs.LoginError }

// renewal is a change of an account that ends all its sessions but one.
type renewal struct {
	user   User
	check  func(context.Context) error // nil: nothing to check
	change func(*Account) error
	proved bool // a credential was proved for it
}

// renewAccount stores a renewal in one step, and makes the session of id, if
// there is one, this browser's again.
func (v *visit) renewAccount(id *Identity, n renewal) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	st, next, newID := v.e.cfg.Stores, NewUniquifier(), randomBytes(idSize)
	was := id.User.SecurityAccount().Uniquifier
	session := id.Mechanism != "" && v.row != nil && v.row.Uniquifier == was // also of who came with a token as well
	renewed := func(s *Session) error { return nil }
	if n.proved {
		renewed = v.proved(id.AuthnAt)
	}
	var kept kept
	err := st.InTx(v.ctx(), func(ctx context.Context) error {
		if err := v.rotate(ctx, n, was, next); err != nil {
			return err
		}
		if session && st.Sessions != nil {
			if err := v.moveRow(ctx, newID, next, renewed); err != nil {
				return err
			}
		}
		if id.Mechanism != "" {
			var err error
			if kept, err = v.keepRemembered(ctx, n.user, was, next); err != nil {
				return err
			}
		}
		_, err := v.e.endAll(ctx, was, "")
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return ErrAnonymous // ended meanwhile
	}
	id.User = n.user
	if err != nil {
		return err
	}
	if kept.secret != "" {
		v.sendRemember(kept.Remember, kept.secret)
	}
	if !session {
		if id.Mechanism != "" {
			v.decided = authResult{*id, nil}
			v.principal = &v.decided
		}
		return nil
	}
	row := *v.row
	row.Uniquifier = next
	_ = renewed(&row)
	if st.Sessions != nil {
		row.IDHash = hashID(newID)
		if id.Mechanism == MechanismSession {
			id.SessionID = row.IDHash
		}
	}
	id.Fresh = row.Fresh && id.Mechanism == MechanismSession
	v.adopt(row, newID)
	v.setIdentity(*id, nil)
	return nil
}

// moveRow gives the row of the session another id and uniquifier, or makes one
// if another application began it.
func (v *visit) moveRow(ctx context.Context, newID []byte, next string, change func(*Session) error) error {
	sessions := v.e.cfg.Stores.Sessions
	if was := v.state().id; was != nil {
		if err := sessions.RekeySession(ctx, hashID(was), hashID(newID), next); err != nil {
			return err
		}
		return sessions.UpdateSession(ctx, hashID(newID), change)
	}
	row := *v.row
	row.IDHash, row.Uniquifier, row.Binding = hashID(newID), next, v.binding()
	row.Address, row.UserAgent = v.addr().String(), clip(v.r.UserAgent(), 255)
	if err := change(&row); err != nil {
		return err
	}
	return sessions.CreateSession(ctx, row, "")
}

// rotate stores what a renewal does to the account itself, unless its sessions
// were ended meanwhile: who was let in before that is not let in by it again.
func (v *visit) rotate(ctx context.Context, n renewal, was, next string) error {
	if n.check != nil {
		if err := n.check(ctx); err != nil {
			return err
		}
	}
	return v.e.cfg.Stores.Users.UpdateUser(ctx, n.user, func(acc *Account) error {
		if acc.Uniquifier != was || !acc.Active {
			return ErrAnonymous
		}
		if err := n.change(acc); err != nil {
			return err
		}
		acc.Uniquifier = next
		return nil
	})
}

// proved returns what a new proof changes of a session.
func (v *visit) proved(at time.Time) func(*Session) error {
	return func(s *Session) error {
		s.AuthnAt, s.Fresh, s.GraceUntil, s.Binding = at, true, time.Time{}, v.binding()
		return nil
	}
}

// kept is the row by which a browser stays remembered, with its secret; "" if it
// was not.
type kept struct {
	Remember
	secret string
}

// keepRemembered gives this browser a new remember-me row with the same end. The
// old one ends with all others: its value may have been copied, and then the copy
// must not outlive the change; and where it was replaced a while ago somebody else
// may have the one that counts.
func (v *visit) keepRemembered(ctx context.Context, u User, was, next string) (kept, error) {
	if v.e.cfg.Codecs.Remember != nil {
		if v.rememberedAs() != was {
			return kept{}, nil
		}
		rm, secret := v.newRemember(u)
		rm.Uniquifier = next
		return kept{rm, secret}, nil
	}
	selector, secret, ok := v.rememberCookie()
	store := v.e.cfg.Stores.Remember
	if store == nil || !ok {
		return kept{}, nil
	}
	have, now := hashText(secret), v.e.now()
	old, err := store.UpdateRemember(ctx, selector, func(r *Remember) error {
		just := sameText(r.Previous, have) && now.Sub(r.RotatedAt) < v.e.cfg.Session.RememberGrace
		if !sameText(r.Verifier, have) && !just || !now.Before(r.ExpiresAt) || r.Uniquifier != was {
			return ErrNotFound
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return kept{}, nil
	}
	var k kept
	if err == nil {
		k.Remember, k.secret = v.newRemember(u)
		k.Uniquifier, k.CreatedAt, k.ExpiresAt = next, old.CreatedAt, old.ExpiresAt
		err = store.CreateRemember(ctx, k.Remember)
	}
	if err != nil {
		return kept{}, fmt.Errorf("keep this browser remembered: %w", err)
	}
	return k, nil
}

// RequireFresh returns an error that, returned by a handler, makes the engine
// ask the caller to prove himself again, unless he did recently enough: for
// routes where it depends on the account if that is needed.
func (s SignIn) RequireFresh(r *http.Request) error {
	return s.e.admitUser(r, Auth{Via: s.e.cfg.APIMethods, Fresh: true})
}
