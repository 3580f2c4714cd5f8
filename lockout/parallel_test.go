package lockout_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/sqlstore"
)

// onStores runs a test on two processes with one store between them.
func onStores(t *testing.T, f func(t *testing.T, one, two *kit.App)) {
	t.Run("memory", func(t *testing.T) {
		stores := doorward.StoresFrom(memstore.New[kit.User]())
		f(t, process(t, stores), process(t, stores))
	})
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			db := testdb.Open(t, kind)
			f(t, process(t, sqlStores(t, db)), process(t, sqlStores(t, db)))
		})
	}
}

func process(t *testing.T, stores doorward.Stores) *kit.App {
	t.Helper()
	return kit.New(t, func(c *batteries.Config) { c.Stores = stores })
}

func sqlStores(t *testing.T, db *testdb.Database) doorward.Stores {
	t.Helper()
	dialect := sqlstore.Dialect(db.Kind)
	if _, err := sqlstore.Migrate(t.Context(), db.DB, dialect, sqlstore.Config{}); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New[kit.User](db.DB, dialect, sqlstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	stores := doorward.StoresFrom(store)
	if stores.Guesses == nil {
		t.Skip("this store keeps no guesses")
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return stores
}

// crowd posts n sign-ins at once, alternately to the processes, and returns how
// often each status came. Number i has password(i).
func crowd(t *testing.T, n int, browser func(i int) *kit.Browser, password func(i int) string) map[int]int {
	t.Helper()
	bs := make([]*kit.Browser, n)
	for i := range bs {
		bs[i] = browser(i)
		bs[i].CSRF("/login")
	}
	var mu sync.Mutex
	got := map[int]int{}
	kit.Parallel(t, n, n, func(i int) bool {
		res := bs[i].Post("/login", kit.Fields{"email": joe, "password": password(i)})
		mu.Lock()
		defer mu.Unlock()
		got[res.Status]++
		return true
	})
	return got
}

// TestParallelGuesses sends 200 wrong passwords at once from one address.
func TestParallelGuesses(t *testing.T) {
	onStores(t, func(t *testing.T, one, two *kit.App) {
		one.NewUser(joe)
		before := one.Hashes() + two.Hashes()
		got := crowd(t, 200, func(i int) *kit.Browser {
			return from([]*kit.App{one, two}[i%2], "192.0.2.7")
		}, func(i int) string { return fmt.Sprint(wrong, i) })
		// 503 is for a machine that is full.
		if n := one.Hashes() + two.Hashes() - before; n != 5 || got[400] != 5 || got[429]+got[503] != 195 || got[429] == 0 {
			t.Errorf("%d hashes, answers %v; want 5 compared and 195 refused", n, got)
		}
		refused(t, one, from(one, "192.0.2.7"), joe, 30*time.Second) // the right one among them
		refused(t, two, from(two, "192.0.2.7"), joe, 30*time.Second)
		for _, app := range []*kit.App{one, two} {
			if n := app.Batteries.Lockout.OpenLines(); n != 0 {
				t.Errorf("%d lines are left open", n)
			}
		}
	})
}

// TestParallelGuessesAnywhere does so from 200 addresses.
func TestParallelGuessesAnywhere(t *testing.T) {
	onStores(t, func(t *testing.T, one, two *kit.App) {
		one.NewUser(joe)
		before := one.Hashes() + two.Hashes()
		got := crowd(t, 200, func(i int) *kit.Browser {
			return stranger([]*kit.App{one, two}[i%2], i)
		}, func(i int) string { return fmt.Sprint(wrong, i) })
		if n := one.Hashes() + two.Hashes() - before; n != 20 || got[400] != 20 {
			t.Errorf("%d hashes, answers %v; want 20 compared", n, got)
		}
		refused(t, two, stranger(two, 999), joe, 15*time.Minute)
	})
}

// The right password after the limit is refused, however many come with it.
func TestParallelRightAmongWrong(t *testing.T) {
	onStores(t, func(t *testing.T, one, two *kit.App) {
		one.NewUser(joe)
		b := from(one, "192.0.2.7")
		for range 5 {
			guess(t, b, joe)
		}
		before := one.Hashes() + two.Hashes()
		got := crowd(t, 60, func(i int) *kit.Browser {
			return from([]*kit.App{one, two}[i%2], "192.0.2.7")
		}, func(i int) string {
			if i == 30 {
				return kit.Password
			}
			return wrong
		})
		if n := one.Hashes() + two.Hashes() - before; n != 0 || got[429] != 60 {
			t.Errorf("%d hashes, answers %v", n, got)
		}
	})
}

// Programs send right credentials side by side.
func TestParallelRight(t *testing.T) {
	for _, wrongBefore := range []int{0, 3, 4} {
		t.Run(fmt.Sprint(wrongBefore, " wrong before"), func(t *testing.T) {
			app := limited(t, nil)
			b := from(app, "192.0.2.7")
			for range wrongBefore {
				guess(t, b, joe)
			}
			if got := crowd(t, 20, func(int) *kit.Browser { return b.Clone() }, func(int) string { return kit.Password }); got[200] != 20 {
				t.Errorf("answers %v", got)
			}
			if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
				t.Errorf("%+v stay counted", s)
			}
		})
	}
}

// So it is on every kind of database.
func TestParallelRightStored(t *testing.T) {
	onStores(t, func(t *testing.T, app, _ *kit.App) {
		app.NewUser(joe)
		b := from(app, "192.0.2.7")
		guess(t, b, joe)
		if got := crowd(t, 20, func(int) *kit.Browser { return b.Clone() }, func(int) string { return kit.Password }); got[200] != 20 {
			t.Errorf("answers %v", got)
		}
		if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
			t.Errorf("%+v stay counted", s)
		}
	})
}

// slow is a hasher that compares for as long as the test likes.
type slow struct {
	batteries.Hasher
	stop     func(plain string) bool // which ones; nil is none
	in, most atomic.Int64
	entered  chan struct{}
	leave    chan struct{}
}

func (s *slow) Verify(ctx context.Context, plain, stored string) (password.Match, error) {
	if s.stop == nil || !s.stop(plain) {
		return s.Hasher.Verify(ctx, plain, stored)
	}
	n := s.in.Add(1)
	defer s.in.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); {
		most = s.most.Load()
	}
	s.entered <- struct{}{}
	<-s.leave
	return s.Hasher.Verify(ctx, plain, stored)
}

// slowly is an installation with a slow hasher. edit may be nil.
func slowly(t *testing.T, edit func(*batteries.Config)) (*kit.App, *slow) {
	t.Helper()
	s := &slow{entered: make(chan struct{}, 100), leave: make(chan struct{}, 100)}
	app := limited(t, func(c *batteries.Config) {
		s.Hasher = kit.New(t, nil).Hasher
		c.Hasher = s
		if edit != nil {
			edit(c)
		}
	})
	return app, s
}

// post sends sign-ins from one address, and returns when n of them are compared.
func (s *slow) post(app *kit.App, all *sync.WaitGroup, many, n int, password string) {
	for range many {
		b := from(app, "192.0.2.7")
		b.CSRF("/login")
		all.Go(func() { b.Post("/login", kit.Fields{"email": joe, "password": password}) })
	}
	for range n {
		<-s.entered
	}
}

// A sign-in leaves counted what is being compared beside it.
func TestParallelWrongMeanwhile(t *testing.T) {
	app, s := slowly(t, nil)
	s.stop = func(plain string) bool { return plain == wrong }
	guessed := func(want int) {
		t.Helper()
		if s := status(t, app, find(t, app, joe)); s.Failures != want {
			t.Errorf("%+v, want %d", s, want)
		}
	}
	var all sync.WaitGroup
	s.post(app, &all, 3, 3, wrong)
	signIn(from(app, "192.0.2.7"), joe, kit.Password).Want(200)
	guessed(3)
	for range 3 {
		s.leave <- struct{}{}
	}
	all.Wait()
	guessed(3)
	s.stop = nil
	for range 2 {
		guess(t, from(app, "192.0.2.7"), joe)
	}
	refused(t, app, from(app, "192.0.2.7"), joe, 30*time.Second)
}

// TestParallelWidth: of any number of right credentials at once no more than
// five are compared at the same time, and each gets its turn.
func TestParallelWidth(t *testing.T) {
	for _, wrongBefore := range []int{0, 1, 4} {
		t.Run(fmt.Sprint(wrongBefore, " wrong before"), func(t *testing.T) {
			app, s := slowly(t, nil)
			b := from(app, "192.0.2.7")
			for range wrongBefore {
				guess(t, b, joe)
			}
			s.stop = func(string) bool { return true }
			width, many := 5-wrongBefore, 40
			go func() {
				for range width {
					<-s.entered
				}
				for range many - width {
					s.leave <- struct{}{}
					<-s.entered
				}
				for range width {
					s.leave <- struct{}{}
				}
			}()
			got := crowd(t, many, func(int) *kit.Browser { return b.Clone() }, func(int) string { return kit.Password })
			if got[200] != many || s.most.Load() > 5 {
				t.Errorf("answers %v, %d at once", got, s.most.Load())
			}
			if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
				t.Errorf("%+v stay counted", s)
			}
		})
	}
}

func TestParallelBasic(t *testing.T) {
	app := limited(t, nil)
	private(app)
	kit.Parallel(t, 20, 20, func(int) bool { return basic(app, "192.0.2.7", joe, kit.Password).Status == 200 })
	if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
		t.Errorf("%+v stay counted", s)
	}
	if n := app.Batteries.Lockout.OpenLines(); n != 0 {
		t.Errorf("%d lines are left open", n)
	}
}

// Many accounts at once leave nothing behind in this process.
func TestParallelMany(t *testing.T) {
	app := limited(t, nil)
	kit.Parallel(t, 60, 60, func(i int) bool {
		b := stranger(app, i)
		return signIn(b, account(i), wrong).Status == 400
	})
	if n := app.Batteries.Lockout.OpenLines(); n != 0 {
		t.Errorf("%d lines are left open", n)
	}
}
