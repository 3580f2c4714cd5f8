package flaskcompat_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

var linkKinds = []string{"confirm", "reset", "login", "change"}

func TestLinks(t *testing.T) {
	for _, kind := range linkKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, c := range signedCases(t, kind+".json") {
				t.Run(c.Name, func(t *testing.T) { testLink(t, kind, c) })
			}
		})
	}
}

func testLink(t *testing.T, kind string, c signedCase) {
	links := c.set(t).Links
	link, err := links.Open(kind, c.Value, c.now())
	good := err == nil && link.Uniquifier == c.Account.UID
	if good {
		if good, err = link.Check(t.Context(), c.Account.Email, c.Account.Password); err != nil {
			t.Fatal(err)
		}
	}
	c.outcome(t, good && !c.old(link.SignedAt), err)
	if !c.readable() {
		return
	}
	var want struct{ UID, Extra string }
	c.want(t, &want)
	if want.Extra == "" {
		want.Extra = c.Extra
	}
	if link.Uniquifier != want.UID || link.Extra != want.Extra || link.Bound != c.Bound || link.Email+link.PasswordHash != "" {
		t.Errorf("read %+v", link)
	}
	got, err := links.Seal(kind, link, link.SignedAt)
	c.written(t, got, err)
}

// A link that is written holds what the original looks for, in its place.
func TestLinksAsTheyAreWritten(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	flaskcompat.HashLinksAs(set, func(text string) string { return "<" + text + ">" })
	link := codec.Link{Uniquifier: "u", Email: "a@b.c", PasswordHash: "$h", Bound: "b"}
	changed, more, without := link, link, link
	changed.Extra, more.Extra, without.PasswordHash = "new@b.c", "é", ""
	for _, c := range []struct {
		kind string
		link codec.Link
		want string
	}{
		{"confirm", link, `["u","<a@b.c>"]`},
		{"confirm", more, ""},
		{"confirm", codec.Link{Uniquifier: "u"}, `["u","<>"]`},
		{"confirm", codec.Link{Email: "a@b.c"}, ""},
		{"reset", link, `["u","<$h>","b"]`},
		{"reset", more, `["u","<$h>","b","é"]`},
		{"reset", without, `["u",null,"b"]`},
		{"reset", codec.Link{Uniquifier: "u"}, `["u",null]`},
		{"login", link, `["u","b"]`},
		{"login", more, `["u","b","é"]`},
		{"login", codec.Link{Uniquifier: "u", Extra: "e"}, `["u","","e"]`},
		{"login", codec.Link{Uniquifier: "u"}, `["u"]`},
		{"login", codec.Link{Uniquifier: "u", Extra: "\xff"}, ""},
		{"login", codec.Link{Uniquifier: "u", Extra: noise(9000)}, ""},
		{"change", changed, `["u","<a@b.c>","new@b.c"]`},
		{"change", link, ""},
		{"change", codec.Link{Uniquifier: "u", Extra: "new@b.c"}, ""},
		{"unlock", link, ""},
	} {
		token, err := set.Links.Seal(c.kind, c.link, now)
		if (err == nil) != (c.want != "") {
			t.Errorf("%s of %+v: %q, %v", c.kind, c.link, token, err)
			continue
		}
		if err == nil && string(parts(t, token).payload) != c.want {
			t.Errorf("%s: %s, want %s", c.kind, parts(t, token).payload, c.want)
		}
	}
}

func TestLinksComeBack(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	link := codec.Link{Uniquifier: "u", Email: "josé@example.com", PasswordHash: "$h", Bound: "b", Extra: "new@example.com"}
	for _, kind := range linkKinds {
		made := link
		if kind == "confirm" {
			made.Extra = ""
		}
		token, err := set.Links.Seal(kind, made, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range linkKinds {
			got, err := set.Links.Open(other, token, now)
			if other != kind {
				if !errors.Is(err, codec.ErrInvalid) {
					t.Errorf("%s taken for %s: %v", kind, other, err)
				}
				continue
			}
			if err != nil || got.Extra != made.Extra || !got.SignedAt.Equal(now) {
				t.Fatalf("%s: %+v, %v", kind, got, err)
			}
			checks := func(email string) bool {
				ok, err := got.Check(t.Context(), email, "another")
				if err != nil {
					t.Fatal(err)
				}
				return ok
			}
			bound := kind == "confirm" || kind == "change"
			if !checks(made.Email) || checks("ann@example.com") == bound || checks("") == bound {
				t.Errorf("%s: not bound to what it should be", kind)
			}
		}
		if !set.Links.Knows(kind) {
			t.Errorf("%s is not known", kind)
		}
	}
	if set.Links.Knows("unlock") || set.Links.Knows("") {
		t.Error("knows what the original has no links of")
	}
	if _, err := set.Links.Open("unlock", "x", now); !errors.Is(err, codec.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// A confirmation of nobody is good for no account, not even for one without an address.
func TestLinkOfNobodyIsDead(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	token, err := set.Links.Seal("confirm", codec.Link{Uniquifier: "u"}, now)
	if err != nil {
		t.Fatal(err)
	}
	link, err := set.Links.Open("confirm", token, now)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := link.Check(t.Context(), "", ""); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// slow is a confirmation with the rounds of the original.
func slow(t testing.TB, links codec.Links, now time.Time) codec.Link {
	t.Helper()
	for _, c := range signedCases(t, "confirm.json") {
		if c.Name == "with the rounds of the original" {
			link, err := links.Open("confirm", c.Value, now)
			if err != nil {
				t.Fatal(err)
			}
			return link
		}
	}
	t.Fatal("no such case")
	return codec.Link{}
}

// Equal questions are asked once, and answered again from memory.
func TestCheckIsAskedOnce(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	var asked atomic.Int64
	begun, goOn := make(chan struct{}), make(chan struct{})
	kept := flaskcompat.WatchChecks(set, func() {
		if asked.Add(1) == 1 {
			close(begun)
		}
		<-goOn
	})
	link := slow(t, set.Links, now)
	answers := make(chan bool, 20)
	ask := func() {
		ok, err := link.Check(t.Context(), "joe@example.com", "")
		answers <- ok && err == nil
	}
	go ask()
	<-begun
	// Who leaves does not stop it for the others.
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := link.Check(gone, "joe@example.com", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever left got %v", err)
	}
	for range cap(answers) - 1 {
		go ask()
	}
	close(goOn)
	for range cap(answers) {
		if !<-answers {
			t.Error("not the right answer")
		}
	}
	ask()
	if !<-answers || asked.Load() != 1 || kept() != 1 {
		t.Errorf("asked %d times, kept %d", asked.Load(), kept())
	}
}

// Who asks first and leaves does not take the answer along.
func TestCheckSurvivesWhoAsked(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	begun, goOn := make(chan struct{}, 2), make(chan struct{})
	flaskcompat.WatchChecks(set, func() { begun <- struct{}{}; <-goOn })
	link := slow(t, set.Links, now)
	first, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := link.Check(first, "joe@example.com", "")
		left <- err
	}()
	<-begun
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(goOn)
	if ok, err := link.Check(t.Context(), "joe@example.com", ""); !ok || err != nil || len(begun) != 0 {
		t.Errorf("%v, %v, asked %d times more", ok, err, len(begun))
	}
}

// Too many different questions are refused as what is not available.
func TestChecksAreBounded(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	link := slow(t, set.Links, now)
	const crowd = 2000 // more than may wait
	errs := make(chan error, crowd)
	before := runtime.NumGoroutine()
	for i := range crowd {
		go func() {
			_, err := link.Check(t.Context(), strconv.Itoa(i), "")
			errs <- err
		}()
	}
	refused := 0
	for range crowd {
		if err := <-errs; errors.Is(err, doorward.ErrUnavailable) {
			refused++
		} else if err != nil {
			t.Errorf("got %v", err)
		}
	}
	if refused < crowd/2 {
		t.Errorf("%d of %d were refused", refused, crowd)
	}
	if ok, err := link.Check(t.Context(), "joe@example.com", ""); !ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
	if n := runtime.NumGoroutine(); n > before+100 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}
