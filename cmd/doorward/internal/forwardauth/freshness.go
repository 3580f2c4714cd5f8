package forwardauth

import (
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
	return id, f.provedWithin(id, a.Within), nil
}

// provedWithin reports whether a credential was proved in this session by this
// browser not longer ago than d. After remember-me none was.
func (f *Feature) provedWithin(id doorward.Identity, d time.Duration) bool {
	return id.Fresh && !id.AuthnAt.IsZero() && f.rt.Now().Sub(id.AuthnAt).Abs() < d
}
