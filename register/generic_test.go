package register_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/usernames"
)

func genericSite(t *testing.T) *site {
	s := newSite(t, register.Config{Usernames: &usernames.Rules{}}, func(c *doorward.Config) {
		withUsernames(c)
		c.GenericResponses = true
	})
	s.add("old@example.com", "oldie")
	return s
}

var masked = regexp.MustCompile(`("csrf_token":"|name="csrf_token" value=")[^"]*`)

// shape is an answer without what differs between any two: tokens and the date.
func (r reply) shape() string {
	h := maps.Clone(map[string][]string(r.header))
	delete(h, "Date")
	var cookies []string
	for _, c := range h["Set-Cookie"] {
		name, rest, _ := strings.Cut(c, "=")
		value, attrs, _ := strings.Cut(rest, ";")
		cookies = append(cookies, fmt.Sprint(name, " of ", len(value), attrs))
	}
	h["Set-Cookie"] = cookies
	return fmt.Sprint(r.status, h, masked.ReplaceAllString(r.body, "$1"))
}

// TestGenericTwins: whether it was free or taken cannot be told by the answer,
// by the page after it, by the session or by the number of hashes.
func TestGenericTwins(t *testing.T) {
	twins := []struct{ name, email, username, event string }{
		{"free", "new@example.com", "newbie", "Registered"},
		{"address taken", "old@example.com", "newbie", "NotRegistered"},
		{"address taken in other letters", "OLD@example.com", "newbie", "NotRegistered"},
		{"username taken", "new@example.com", "Oldie", "NotRegistered"},
		{"both taken", "old@example.com", "oldie", "NotRegistered"},
	}
	both(t, func(t *testing.T, asJSON bool) {
		var first, page string
		for _, c := range twins {
			s := genericSite(t)
			b := s.browser(asJSON)
			r := b.post("/register?next=/after", with(fields{"email": c.email, "username": c.username}))
			after := b.get("/register").shape()
			if first == "" {
				first, page = r.shape(), after
			}
			if asJSON && (r.status != 200 || len(r.response) != 1) || !asJSON && (r.status != 302 || r.header.Get("Location") != "/after") {
				t.Errorf("%s: %d %s", c.name, r.status, r.body)
			}
			if !asJSON && !strings.Contains(page, "REGISTRATION_RECEIVED") {
				t.Errorf("%s: no message on %s", c.name, page)
			}
			if r.shape() != first {
				t.Errorf("%s:\n%s\nfree:\n%s", c.name, r.shape(), first)
			}
			if after != page {
				t.Errorf("%s, the next page:\n%s\nfree:\n%s", c.name, after, page)
			}
			if n := s.hashes.Load(); n != 1 {
				t.Errorf("%s: %d hashes", c.name, n)
			}
			if got := s.fired(); got != c.event {
				t.Errorf("%s: events %s", c.name, got)
			}
			if got := b.whoami(); got != "nobody" {
				t.Errorf("%s: signed in: %s", c.name, got)
			}
		}
	})
}

func TestGenericEvent(t *testing.T) {
	s := genericSite(t)
	s.browser(true).post("/register", with(fields{"email": "OLD@example.com", "username": "oldie"}))
	s.browser(true).post("/register", with(fields{"username": "oldie"}))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) != 2 {
		t.Fatalf("events %v", s.events)
	}
	for i, want := range []register.NotRegistered{{ExistingEmail: true, ExistingUsername: true}, {ExistingUsername: true}} {
		got, _ := s.events[i].(register.NotRegistered)
		if got.User == nil || got.User.SecurityAccount().Email != "old@example.com" {
			t.Errorf("event %d is of %v", i, got.User)
		}
		if got.User = nil; got != want {
			t.Errorf("event %d: %+v", i, got)
		}
	}
}

// TestGenericErrors: other mistakes are told, and say nothing about what is taken.
func TestGenericErrors(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		for _, email := range []string{"new@example.com", "old@example.com"} {
			s := genericSite(t)
			r := s.browser(asJSON).post("/register", with(fields{"email": email, "username": "oldie", "password": "abc", "password_confirm": "abc"}))
			if got := r.errors(); got != "password: PASSWORD_INVALID_LENGTH" || s.hashes.Load() != 0 {
				t.Errorf("%s: %d %s, %d hashes", email, r.status, got, s.hashes.Load())
			}
			if got := s.fired(); got != "" {
				t.Errorf("events %s", got)
			}
		}
	})
}

// TestRace: of registrations of one address at once, one makes the account.
// Without transactions the unique column decides, which knows letter cases.
func TestRace(t *testing.T) {
	for i := range 4 {
		generic, tx := i%2 == 1, i < 2
		t.Run(fmt.Sprintf("generic=%v,tx=%v", generic, tx), func(t *testing.T) {
			const n = 20
			s := newSite(t, register.Config{}, func(c *doorward.Config) {
				withUsernames(c)
				c.GenericResponses = generic
				if !tx {
					c.Stores.Tx = nil
				}
			})
			replies := make([]reply, n)
			var wg sync.WaitGroup
			for i := range n {
				b, send := s.browser(true), good()
				if tx && i%2 == 1 {
					send["email"] = "NEW@example.com"
				}
				wg.Go(func() { replies[i] = b.post("/register", send) })
			}
			wg.Wait()
			won := 0
			for _, r := range replies {
				switch {
				case r.status == 200:
					won++
				case !strings.HasPrefix(r.errors(), "email: EMAIL_ALREADY_ASSOCIATED"):
					t.Errorf("answer %d %s", r.status, r.body)
				}
			}
			if want := map[bool]int{false: 1, true: n}[generic]; won != want {
				t.Errorf("%d were answered as made, want %d", won, want)
			}
			if u := s.users(); len(u) != 1 {
				t.Errorf("%d users", len(u))
			}
			if got := strings.Count(s.fired(), "Registered"); got != map[bool]int{false: 1, true: n}[generic] {
				t.Errorf("%d events", got) // in generic mode the others are NotRegistered
			}
		})
	}
}
