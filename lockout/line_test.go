package lockout_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/doorward/doorward/lockout"
)

func TestLineWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockout.NewLines(3, 3)
		places := make(chan struct{}, 1)
		ask := func() error {
			select {
			case places <- struct{}{}:
				return nil
			default:
				return lockout.ErrOver
			}
		}
		leave, err := l.Enter(t.Context(), "k", ask)
		if err != nil || !l.Busy("k") || l.Busy("other") {
			t.Fatal(err, l.Busy("k"))
		}
		var in atomic.Int64
		for range 2 {
			go func() {
				leave, err := l.Enter(t.Context(), "k", ask)
				if err == nil {
					in.Add(1)
					<-places
					leave()
				}
			}()
		}
		synctest.Wait()
		if in.Load() != 0 {
			t.Error("in without a place")
		}
		if _, err := l.Enter(t.Context(), "k", ask); err == nil {
			t.Error("a fourth in a line of three")
		}
		if gone, err := l.Enter(t.Context(), "other", func() error { return nil }); err != nil {
			t.Error(err)
		} else {
			gone()
			gone() // twice is once
		}
		<-places // it was right
		leave()
		synctest.Wait()
		if in.Load() != 2 || l.Open() != 0 {
			t.Errorf("%d got in, %d lines are open", in.Load(), l.Open())
		}
	})
}

// A line lets in no more than its width, even if the store would: a sign-in at
// another process gives back there what is being compared here.
func TestLineWidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockout.NewLines(2, 10)
		var in atomic.Int64
		out := make(chan struct{})
		for range 10 {
			go func() {
				leave, err := l.Enter(t.Context(), "k", func() error { return nil })
				if err != nil {
					t.Error(err)
					return
				}
				in.Add(1)
				<-out
				leave()
			}()
		}
		for i := range 10 {
			synctest.Wait()
			if n := in.Load(); n != int64(min(i+2, 10)) {
				t.Errorf("%d got in when %d had left", n, i)
			}
			out <- struct{}{}
		}
		synctest.Wait()
		if l.Open() != 0 {
			t.Errorf("%d lines are open", l.Open())
		}
	})
}

// Who settled has no place any more, and leaves once.
func TestLineSettles(t *testing.T) {
	l := lockout.NewLines(5, 5)
	var leaves []func()
	var settles []func(func(int) error) error
	for range 3 {
		settle, leave, err := l.Place(t.Context(), "k", func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		leaves, settles = append(leaves, leave), append(settles, settle)
	}
	trouble := errors.New("the database is away")
	for i, settle := range settles {
		if err := settle(func(others int) error {
			if others != 2-i {
				t.Errorf("%d others after %d", others, i)
			}
			return trouble
		}); !errors.Is(err, trouble) {
			t.Error(err)
		}
	}
	for _, leave := range leaves {
		leave()
	}
	if l.Open() != 0 {
		t.Errorf("%d lines are open", l.Open())
	}
}

func TestLineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lockout.NewLines(10, 10)
		leave, err := l.Enter(t.Context(), "k", func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		over := func() error { return lockout.ErrOver }
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, err := l.Enter(ctx, "k", over); !errors.Is(err, context.Canceled) {
			t.Errorf("hung up: %v", err)
		}
		if _, err := l.Enter(t.Context(), "k", over); err == nil { // synctest passes the half minute
			t.Error("waited for ever")
		}
		trouble := errors.New("the database is away")
		if _, err := l.Enter(t.Context(), "k", func() error { return trouble }); !errors.Is(err, trouble) {
			t.Errorf("a failing store: %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = l.Enter(t.Context(), "k", func() error { panic("oh") })
		}()
		if _, err := l.Enter(t.Context(), "alone", over); !errors.Is(err, lockout.ErrOver) {
			t.Errorf("nobody to wait for: %v", err)
		}
		leave()
		if l.Open() != 0 {
			t.Errorf("%d lines are open", l.Open())
		}
	})
}
