package lockout_test

import (
	"sync"
	"testing"
	"time"

	kit "github.com/doorward/doorward/doorwardtest"
)

const day = 24 * time.Hour

// again signs joe in, and out.
func again(b *kit.Browser) {
	signIn(b, joe, kit.Password).Want(200)
	b.Post("/logout", kit.Fields{}).Want(200)
}

// TestPardonNoise: one wrong guess a day by strangers, and an owner who signs in
// every day, for half a year.
func TestPardonNoise(t *testing.T) {
	app := limited(t, nil)
	home := known(t, app, joe, "203.0.113.1")
	for i := range 180 {
		guess(t, stranger(app, i), joe)
		app.Clock.Advance(day)
		again(home)
	}
	signIn(from(app, "203.0.113.99"), joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
		t.Errorf("%+v stay counted", s)
	}
}

// TestPardonBound: strangers who guess as fast as the waits allow get no more
// than that by an owner who signs in all the time.
func TestPardonBound(t *testing.T) {
	app := limited(t, nil)
	spendPardon(t, app)
	home := known(t, app, joe, "203.0.113.1")
	start, compared := app.Clock.Now(), [5]int{}
	for n := 0; app.Clock.Now().Before(start.Add(5 * day)); n++ {
		if res := signIn(stranger(app, n), joe, wrong); res.Status == 400 {
			compared[app.Clock.Now().Sub(start)/day]++
			continue
		}
		app.Clock.Advance(15 * time.Minute)
		again(home)
	}
	for i, n := range compared {
		if n < 20 || n > 45 {
			t.Errorf("%d compared on day %d of %v", n, i, compared)
		}
	}
}

// TestPardonOnce: the pardon of a day opens no lock, and there is no second one.
func TestPardonOnce(t *testing.T) {
	app := limited(t, nil)
	u := find(t, app, joe)
	home := known(t, app, joe, "203.0.113.1")
	failures := func(want int) {
		t.Helper()
		if s := status(t, app, u); s.Failures != want || s.Closed {
			t.Errorf("%+v, want %d", s, want)
		}
	}
	lock(t, app, joe)
	again(home)
	failures(0)
	refused(t, app, stranger(app, 1), joe, 15*time.Minute)
	settle(app)
	for i := range 3 {
		guess(t, stranger(app, i), joe)
	}
	again(home)
	failures(3)
	app.Clock.Advance(day - 15*time.Minute - time.Second)
	again(home)
	failures(3)
	app.Clock.Advance(time.Second)
	signIn(from(app, "203.0.113.5"), joe, kit.Password).Want(200) // whatever the browser
	failures(0)
	app.Clock.Advance(-20 * year) // a clock that was wrong puts it off by a day
	guess(t, stranger(app, 7), joe)
	again(home)
	failures(1)
	app.Clock.Advance(day)
	again(home)
	failures(0)
}

// A known browser's sign-in opens what only a link or an operator could open,
// when the last lock is over.
func TestPardonClosed(t *testing.T) {
	app := limited(t, nil)
	home := known(t, app, joe, "203.0.113.1")
	wrongs(t, app, joe, 80)
	again(home)
	refused(t, app, stranger(app, 1), joe, time.Hour)
	app.Clock.Advance(time.Hour)
	guess(t, stranger(app, 1), joe)
	again(from(app, "203.0.113.99"))
}

// An operator opens a lock that a pardon left running.
func TestPardonUnlock(t *testing.T) {
	app := limited(t, nil)
	home := known(t, app, joe, "203.0.113.1")
	lock(t, app, joe)
	again(home)
	if had, err := app.Batteries.Lockout.Unlock(t.Context(), find(t, app, joe), "operator"); !had || err != nil {
		t.Errorf("unlock: %t, %v", had, err)
	}
	again(stranger(app, 1))
}

// Half a sign-in pardons nothing, nor does one to another account.
func TestPardonWhole(t *testing.T) {
	app := limited(t, withSecond)
	app.NewUser("mallory@example.com")
	for i := range 3 {
		guess(t, stranger(app, i), joe)
	}
	b, mallory := stranger(app, 10), stranger(app, 11)
	signIn(b, joe, kit.Password).Want(200)
	signIn(mallory, "mallory@example.com", kit.Password).Want(200)
	mallory.Post("/second", kit.Fields{"code": "123456"}).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 3 {
		t.Fatalf("%+v", s)
	}
	b.Post("/second", kit.Fields{"code": "123456"}).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
		t.Errorf("%+v", s)
	}
}

// TestPardonInFlight: what is being compared is not pardoned beforehand.
func TestPardonInFlight(t *testing.T) {
	app, s := slowly(t, nil)
	home := known(t, app, joe, "203.0.113.1")
	for i := range 2 {
		guess(t, stranger(app, i), joe)
	}
	s.stop = func(plain string) bool { return plain == wrong }
	var all sync.WaitGroup
	for i := range 3 {
		b := stranger(app, 10+i)
		b.CSRF("/login")
		all.Go(func() { b.Post("/login", kit.Fields{"email": joe, "password": wrong}) })
	}
	for range 3 {
		<-s.entered
	}
	signIn(home, joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 3 {
		t.Errorf("%+v, want those that are not settled", s)
	}
	for range 3 {
		s.leave <- struct{}{}
	}
	all.Wait()
	if s := status(t, app, find(t, app, joe)); s.Failures != 3 {
		t.Errorf("%+v", s)
	}
	if n := app.Batteries.Lockout.OpenLines(); n != 0 {
		t.Errorf("%d lines are left open", n)
	}
}
