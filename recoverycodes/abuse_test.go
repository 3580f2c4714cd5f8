package recoverycodes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/recoverycodes"
)

// TestParallel: of many sign-ins with one code at once one works, and exactly
// that code is gone.
func TestParallel(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		s := newSite(t, func(c *batteries.Config) { c.Stores, c.UnlimitedGuessing = stores(t), true })
		before := s.stored()
		const n = 100
		browsers := make([]*kit.Browser, n)
		for i := range browsers {
			browsers[i] = waits(s.App, joe, true)
		}
		s.Events.Reset()
		kit.Parallel(t, n, 1, func(i int) bool {
			res := browsers[i].Post(enter, code(s.codes[3]))
			if res.Status != 200 {
				res.Want(400).Fails("code", "INVALID_RECOVERY_CODE")
				return false
			}
			return browsers[i].WhoAmI() == joe
		})
		if got, want := s.stored(), slices.Delete(slices.Clone(before), 3, 4); !slices.Equal(got, want) {
			t.Errorf("stored are %d entries, want the %d others", len(got), len(want))
		}
		if got := kit.EventsOf[recoverycodes.CodeUsed](s.Events); len(got) != 1 || got[0].Left != 4 {
			t.Errorf("events %+v", got)
		}
	})
}

// TestParallelAttempt: many uses of one code for one sign-in are one.
func TestParallelAttempt(t *testing.T) {
	s := newSite(t)
	b := waits(s.App, joe, true)
	kit.Parallel(t, 20, 1, func(int) bool {
		c := b.Clone()
		return c.Post(enter, code(s.codes[0])).Status == 200 && c.WhoAmI() == joe
	})
	if got := len(s.stored()); got != 4 {
		t.Errorf("%d are left", got)
	}
}

// TestParallelDifferent: every code works, and none takes another with it.
func TestParallelDifferent(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		s := newSite(t, func(c *batteries.Config) { c.Stores, c.UnlimitedGuessing = stores(t), true })
		browsers := make([]*kit.Browser, 4)
		for i := range browsers {
			browsers[i] = waits(s.App, joe, true)
		}
		before := s.stored()
		kit.Parallel(t, len(browsers), len(browsers), func(i int) bool {
			browsers[i].Post(enter, code(s.codes[i])).Want(200)
			return browsers[i].WhoAmI() == joe
		})
		if got := s.stored(); !slices.Equal(got, before[4:]) {
			t.Errorf("%d are left", len(got))
		}
	})
}

// TestThrottle: a sign-in has ten tries, and the account has its own limits
// across all of them.
func TestThrottle(t *testing.T) {
	t.Run("sign-in", func(t *testing.T) {
		s := newSite(t, func(c *batteries.Config) { c.UnlimitedGuessing = true })
		b := waits(s.App, joe, true)
		for range 10 {
			b.Clone().Post(enter, code("0000-0000-0000")).Want(400).Fails("code", "INVALID_RECOVERY_CODE")
		}
		b.Post(enter, code(s.codes[0])).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
		if b.WhoAmI() != "" || len(s.stored()) != 5 {
			t.Error("the eleventh try was looked at")
		}
		waits(s.App, joe, true).Post(enter, code(s.codes[0])).Want(200)
	})
	t.Run("account", func(t *testing.T) {
		s := newSite(t)
		b := waits(s.App, joe, true)
		for range 5 {
			b.Post(enter, code("0000-0000-0000")).Want(400)
		}
		res := b.Post(enter, code(s.codes[0])).Want(429)
		if res.Header.Get("Retry-After") == "" || b.WhoAmI() != "" || len(s.stored()) != 5 {
			t.Error("the sixth try was looked at")
		}
		s.Clock.Advance(time.Minute)
		b.Post(enter, code(s.codes[0])).Want(200)
	})
}

// TestDisabled: nobody gets in, and no code is used up for it.
func TestDisabled(t *testing.T) {
	s := newSite(t)
	for _, asJSON := range []bool{true, false} {
		s.Change(s.joe, func(a *doorward.Account) { a.Active = true })
		b := waits(s.App, joe, asJSON)
		s.Change(s.joe, func(a *doorward.Account) { a.Active = false })
		b.Post(enter, code(s.codes[0])).Fails("", "DISABLED_ACCOUNT")
		if b.WhoAmI() != "" || len(s.stored()) != 5 {
			t.Errorf("signed in is %q, %d codes are left", b.WhoAmI(), len(s.stored()))
		}
	}
}

// TestOthers: a code is its user's, and the limits count whom it was tried for.
func TestOthers(t *testing.T) {
	s := newSite(t)
	other := s.NewUser(ann)
	theirs := generate(t, s.App, other)
	set(s.App, other, "authenticator")
	b := waits(s.App, joe, true)
	b.Post(enter, code(theirs[0])).Want(400).Fails("code", "INVALID_RECOVERY_CODE")
	if b.WhoAmI() != "" || len(s.stored()) != 5 || len(s.Account(ann).RecoveryCodes) != 5 {
		t.Error("the code of somebody else did something")
	}
}

// TestReplaced: codes of a set that was replaced are dead, also in the moment
// between looking and using.
func TestReplaced(t *testing.T) {
	s := newSite(t)
	old := s.codes
	b := waits(s.App, joe, true)
	s.codes = generate(t, s.App, s.joe)
	set(s.App, s.joe, "authenticator")
	b.Post(enter, code(old[0])).Want(400).Fails("code", "INVALID_RECOVERY_CODE")
	b.Post(enter, code(s.codes[0])).Want(200)
}

// racing does something right before a change of somebody else's is stored.
type racing struct {
	doorward.UserStore
	doorward.Transactor
	first func()
}

// race has first run before the next change, outside of its transaction.
func race(c *batteries.Config) *racing {
	r := &racing{UserStore: c.Stores.Users, Transactor: c.Stores.Tx}
	c.Stores.Users, c.Stores.Tx = r, r
	return r
}

func (r *racing) run() {
	if first := r.first; first != nil {
		r.first = nil
		first()
	}
}

func (r *racing) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	r.run()
	return r.UserStore.UpdateUser(ctx, u, change)
}

func (r *racing) InTx(ctx context.Context, do func(context.Context) error) error {
	r.run()
	return r.Transactor.InTx(ctx, do)
}

// TestMeanwhile: what was read before the lock does not count.
func TestMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *doorward.Account)
		left   int
	}{
		"used":       {func(a *doorward.Account) { a.RecoveryCodes = a.RecoveryCodes[1:] }, 4},
		"replaced":   {func(a *doorward.Account) { a.RecoveryCodes = []string{"a", "b"} }, 2},
		"taken away": {func(a *doorward.Account) { a.RecoveryCodes = nil }, 0},
		"rotated":    {func(a *doorward.Account) { a.Uniquifier = strings.Repeat("0", 32) }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			var others *racing
			s := newSite(t, func(c *batteries.Config) { others = race(c) })
			b := waits(s.App, joe, true)
			others.first = func() { s.Change(s.joe, c.change) }
			b.Post(enter, code(s.codes[0])).Want(400)
			if got := len(s.stored()); got != c.left || b.WhoAmI() != "" {
				t.Errorf("%d are left, want %d; signed in is %q", got, c.left, b.WhoAmI())
			}
		})
	}
	t.Run("deleted", func(t *testing.T) {
		var others *racing
		s := newSite(t, func(c *batteries.Config) { others = race(c) })
		b := waits(s.App, joe, true)
		others.first = func() { s.Delete(s.joe) }
		b.Post(enter, code(s.codes[0])).Want(400)
		if b.WhoAmI() != "" {
			t.Error("signed in")
		}
	})
	t.Run("make", func(t *testing.T) {
		var others *racing
		s := newSite(t, func(c *batteries.Config) { others = race(c) })
		set(s.App, s.joe, "")
		b := s.Browser()
		b.LoginAs(s.joe).Want(200)
		b.JSON = true
		b.CSRF(manage)
		others.first = func() {
			s.Change(s.joe, func(a *doorward.Account) { a.Uniquifier = strings.Repeat("0", 32) })
		}
		before := s.stored()
		if res := b.Post(manage, kit.Fields{}); res.Status != 401 || !slices.Equal(s.stored(), before) {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	})
}

// TestKeys: codes outlive a change of the key, and those whose key is lost are
// left alone.
func TestKeys(t *testing.T) {
	one, two := strings.Repeat("one", 12), strings.Repeat("two", 12)
	s := newSite(t, func(c *batteries.Config) { c.Codes.Secrets = map[string]string{"1": one} })
	again := func(secrets map[string]string) *site {
		next := &site{joe: s.joe, codes: s.codes}
		next.App = kit.New(t, func(c *batteries.Config) {
			c.Stores, c.Codes.Secrets = s.Stores, secrets
			having(&next.feature)(c)
		})
		return next
	}
	both := again(map[string]string{"1": one, "2": two})
	waits(both.App, joe, true).Post(enter, code(s.codes[0])).Want(200)
	// Two of the five are of the new key.
	sealed := s.stored()
	newer := generate(t, both.App, both.joe)
	set(both.App, both.joe, "authenticator")
	mixed := append(slices.Clone(sealed), both.stored()[:2]...)
	both.Change(both.joe, func(a *doorward.Account) { a.RecoveryCodes = mixed })
	if got := both.stored(); !strings.HasPrefix(got[0], "1.") || !strings.HasPrefix(got[4], "2.") {
		t.Fatalf("stored are %q", got)
	}
	waits(both.App, joe, true).Post(enter, code(s.codes[1])).Want(200)

	lost := again(map[string]string{"2": two})
	waits(lost.App, joe, true).Post(enter, code(s.codes[2])).Want(400).Fails("code", "INVALID_RECOVERY_CODE")
	b := waits(lost.App, joe, false)
	b.Post(enter, code(newer[1])).Want(302)
	if got, want := lost.stored(), append(slices.Clone(sealed[1:]), mixed[4]); !slices.Equal(got, want) {
		t.Errorf("stored are %q, want %q", got, want)
	}
	if got := b.Get(manage).Flashes(); !slices.Equal(got, []string{"RECOVERY_CODES_ONE_LEFT"}) {
		t.Errorf("flashes %q", got)
	}
	if got := list(lost.App, b.Get(manage, "Accept", "application/json")); !slices.Equal(got, newer[:1]) {
		t.Errorf("shown are %q", got)
	}
	if n := strings.Count(lost.Logs.String(), "a recovery code cannot be opened"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	waits(both.App, joe, true).Post(enter, code(s.codes[2])).Want(200) // its key came back
}

// shelf is a vault of the application's own: codes stand in a table elsewhere.
type shelf struct{ open, shut error }

func (v shelf) Seal(plain []byte) (string, error)  { return strings.ToUpper(string(plain)), v.shut }
func (v shelf) Open(stored string) ([]byte, error) { return []byte(strings.ToLower(stored)), v.open }

func TestVault(t *testing.T) {
	var f *recoverycodes.Feature
	var v shelf
	app := kit.New(t, func(c *batteries.Config) {
		having(&f, func(c *recoverycodes.Config) { c.Vault, c.N = &v, 20 })(c)
	})
	u := app.NewUser(joe)
	codes := generate(t, app, u)
	set(app, u, "authenticator")
	if got := app.Account(joe).RecoveryCodes; len(got) != 20 || got[0] != strings.ToUpper(codes[0]) {
		t.Errorf("stored are %q", got)
	}
	app.Change(u, func(a *doorward.Account) { a.RecoveryCodes = append(a.RecoveryCodes, "- -") })
	waits(app, joe, true).Post(enter, code("-")).Want(400)
	waits(app, joe, true).Post(enter, code(codes[19])).Want(200)
	set(app, u, "")
	b := app.Browser()
	b.JSON = true
	b.LoginAs(u).Want(200)
	v.shut = errors.New("no space")
	b.Post(manage, kit.Fields{}).Want(500).Lacks("no space")
	if got := app.Account(joe).RecoveryCodes; len(got) != 20 {
		t.Errorf("stored are %q", got)
	}
}

// TestNobody: where there is no feature with methods before this one, its users
// are not asked for what they do not have.
func TestNobody(t *testing.T) {
	var f *recoverycodes.Feature
	app := kit.New(t, func(c *batteries.Config) {
		having(&f)(c)
		c.More = c.More[1:]
	})
	u := app.NewUser(joe)
	generate(t, app, u)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password}).GoesTo("/")
	if _, err := f.Begin(nil, nil, nil, ""); err == nil {
		t.Error("codes are a second factor of their own")
	}
}
