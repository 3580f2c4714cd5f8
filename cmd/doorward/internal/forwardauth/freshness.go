package forwardauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/doorward/doorward"
)

// check finds out who makes r and whether that was proved as recently as a asks.
//
// A session has one grace period, which each guard extends that lets it through.
// The rules of a proxy's locations differ, so the laxest would decide for all,
// and a page that asks again and again would keep a session fresh for ever.
// Without a grace of the operator's own nothing but the time of the last proof
// counts therefore, and nothing is extended (ASVS 7.5.3).
func (f *Feature) check(s *doorward.Security, r *http.Request, a doorward.Auth) (doorward.Identity, bool, error) {
	if a.Within == 0 || a.Grace != 0 {
		return s.Check(r, a)
	}
	who := a
	who.Within = 0
	id, _, err := s.Check(r, who)
	if err != nil {
		return id, false, err
	}
	if id.Mechanism != doorward.MechanismSession {
		return s.Check(r, a) // tokens and passwords have no grace
	}
	recent, err := f.provedWithin(r.Context(), id, a.Within)
	return id, recent, err
}

// provedWithin reports whether a credential was proved in this session by this
// browser not longer ago than d. After remember-me none was; and the row, which
// the engine has brought up to date by now, says whether the browser changed.
func (f *Feature) provedWithin(ctx context.Context, id doorward.Identity, d time.Duration) (bool, error) {
	sessions := f.rt.Stores().Sessions
	if id.AuthnAt.IsZero() || f.rt.Now().Sub(id.AuthnAt).Abs() >= d || sessions == nil || id.SessionID == "" {
		return false, nil
	}
	row, _, _, err := sessions.LoadSession(ctx, id.SessionID)
	if errors.Is(err, doorward.ErrNotFound) {
		return false, nil // ended just now
	}
	if err != nil {
		return false, fmt.Errorf("load session: %w", err)
	}
	return row.Fresh, nil
}
