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
	b, now := v.state(), id.AuthnAt
	proved := func(s *Session) error {
		s.AuthnAt, s.Fresh, s.GraceUntil, s.Binding = now, true, time.Time{}, v.binding()
		return nil
	}
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
	} else if v.row != nil {
		if err := v.updateRow(v.row, proved); err != nil {
			return err
		}
	}
	v.setIdentity(*id, nil)
	return nil
}

// Renew applies change to the caller's own account, u, with a new uniquifier:
// every other session, remembered browser and token of it ends. This browser
// goes on, remembered as before, under a new session id and as just proved; a
// caller with a token gets a new one. via names what was changed. Tokens of users
// with a TokenUniquifier go on.
func (s SignIn) Renew(r *http.Request, u User, via string, change func(*Account) error) (Result, error) {
	e, v := s.e, visitFrom(r.Context())
	id, err := IdentityFrom(r.Context())
	if err != nil {
		return Result{}, err
	}
	id.AuthnAt, id.User = e.now().Truncate(time.Microsecond), u
	if err := v.renewAccount(&id, change); err != nil {
		return Result{}, err
	}
	payload, err := e.userPayload(r, v, id, id.Mechanism == MechanismToken)
	if err != nil {
		return Result{}, err
	}
	v.proofs.settle(Succeeded)
	fire(r.Context(), e, &e.hooks.Authenticated, Authenticated{User: u, Via: []string{via}, At: id.AuthnAt})
	return Result{JSON: map[string]any{"user": payload}}, nil
}

// renewAccount stores what Renew does, in one step.
func (v *visit) renewAccount(id *Identity, change func(*Account) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	st, b, next, newID := v.e.cfg.Stores, v.state(), NewUniquifier(), randomBytes(idSize)
	session := id.Mechanism == MechanismSession
	proved := func(s *Session) error {
		s.AuthnAt, s.Fresh, s.GraceUntil, s.Binding = id.AuthnAt, true, time.Time{}, v.binding()
		return nil
	}
	err := st.InTx(v.ctx(), func(ctx context.Context) error {
		var old string
		if err := st.Users.UpdateUser(ctx, id.User, func(acc *Account) error {
			old, acc.Uniquifier = acc.Uniquifier, next
			return change(acc)
		}); err != nil {
			return err
		}
		if session && st.Sessions != nil {
			if err := st.Sessions.RekeySession(ctx, hashID(b.id), hashID(newID), next); err != nil {
				return err
			}
			if err := st.Sessions.UpdateSession(ctx, hashID(newID), proved); err != nil {
				return err
			}
		}
		if err := v.keepRemembered(ctx, old, next); err != nil {
			return err
		}
		_, err := v.e.endAll(ctx, old, "")
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return ErrAnonymous // ended meanwhile
	}
	if err != nil || !session {
		return err
	}
	row := *v.row
	row.Uniquifier = next
	_ = proved(&row)
	if st.Sessions != nil {
		row.IDHash, id.SessionID = hashID(newID), hashID(newID)
	}
	v.adopt(row, newID)
	v.setIdentity(*id, nil)
	return nil
}

// keepRemembered moves the row of this browser to another uniquifier, if its
// secret is right and it is the old one's.
func (v *visit) keepRemembered(ctx context.Context, old, next string) error {
	selector, secret, ok := v.rememberCookie()
	store := v.e.cfg.Stores.Remember
	if store == nil || !ok {
		return nil
	}
	have := hashText(secret)
	rm, err := store.UpdateRemember(ctx, selector, func(r *Remember) error {
		if !sameText(r.Verifier, have) && !sameText(r.Previous, have) {
			return ErrNotFound
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && rm.Uniquifier != old:
		return nil
	case err == nil:
		err = store.MoveRemember(ctx, selector, next)
	}
	if err != nil {
		return fmt.Errorf("keep this browser remembered: %w", err)
	}
	return nil
}

// RequireFresh returns an error that, returned by a handler, makes the engine
// ask the caller to prove himself again, unless he did recently enough: for
// routes where it depends on the account if that is needed.
func (s SignIn) RequireFresh(r *http.Request) error {
	return s.e.admitUser(r, Auth{Via: s.e.cfg.APIMethods, Fresh: true})
}
