package recoverycodes_test

import (
	"slices"
	"testing"

	kit "github.com/doorward/doorward/doorwardtest"
)

// TestState: the page is for a sign-in that waits for a second factor that is
// set up, and for nothing else.
func TestState(t *testing.T) {
	for name, begin := range map[string]func(s *site) *kit.Browser{
		"nothing waits": func(s *site) *kit.Browser { b := s.Browser(); b.JSON = true; return b },
		"none is set up": func(s *site) *kit.Browser {
			set(s.App, s.joe, "must")
			return waits(s.App, joe, true)
		},
		"not any more": func(s *site) *kit.Browser {
			b := waits(s.App, joe, true)
			set(s.App, s.joe, "")
			return b
		},
		"none is chosen": func(s *site) *kit.Browser {
			set(s.App, s.joe, "authenticator email")
			b := s.Browser()
			b.JSON = true
			b.Post("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(200).Contains("tf_select")
			return b
		},
		"too late": func(s *site) *kit.Browser {
			b := waits(s.App, joe, true)
			s.Clock.Advance(11 * 60e9)
			return b
		},
		"signed out everywhere": func(s *site) *kit.Browser {
			b := waits(s.App, joe, true)
			if err := s.Accounts().SignOutEverywhere(t.Context(), s.joe, nil); err != nil {
				t.Error(err)
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			b := begin(s)
			b.CSRF("")
			page := b.Clone()
			page.JSON = false
			page.Get(enter).GoesTo("/login")
			if got := page.Get("/login").Flashes(); !slices.Equal(got, []string{"TWO_FACTOR_PERMISSION_DENIED"}) {
				t.Errorf("the page after it says %q", got)
			}
			get := b.Clone()
			get.Get(enter).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
			get.Post(enter, code(s.codes[0])).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED") // cleared
			b.Post(enter, code(s.codes[0])).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
			if b.WhoAmI() != "" || len(s.stored()) != 5 {
				t.Errorf("signed in is %q, %d codes are left", b.WhoAmI(), len(s.stored()))
			}
		})
	}
	s := newSite(t)
	b := waits(s.App, joe, true)
	b.Post(enter, code(s.codes[0])).Want(200)
	b.Get(enter).Want(400).Contains("ANONYMOUS_USER_REQUIRED")
}

// TestChosen: after a method was chosen a code takes its place.
func TestChosen(t *testing.T) {
	s := newSite(t)
	set(s.App, s.joe, "authenticator email")
	b := s.Browser()
	b.JSON = true
	b.Post("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(200)
	b.Post("/tf-select", kit.Fields{"which": "email"}).Want(200)
	b.Post(enter, code(s.codes[4])).Want(200)
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
}
