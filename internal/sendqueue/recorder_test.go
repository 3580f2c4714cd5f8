package sendqueue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/doorward/doorward/internal/sendqueue"
)

func TestRecorder(t *testing.T) {
	var r sendqueue.Recorder[string]
	send := func(it string) error { return r.Send(t.Context(), it) }
	if err := errors.Join(send("a"), send("b")); err != nil {
		t.Fatal(err)
	}
	r.Fail(errBroken)
	if err := send("c"); err != errBroken {
		t.Errorf("told to fail: %v", err)
	}
	r.Sent()[0] = "changed"
	if got := r.Sent(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("kept %q", got)
	}
	r.Reset()
	if err := send("c"); err != errBroken || len(r.Sent()) != 0 {
		t.Errorf("after Reset: %v, %q", err, r.Sent())
	}
	r.Fail(nil)
	if err := send("c"); err != nil || len(r.Sent()) != 1 {
		t.Errorf("after Fail(nil): %v, %q", err, r.Sent())
	}
}

func TestRecorderHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r sendqueue.Recorder[string]
		open := make(chan struct{})
		r.Hang(open)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Send(gone, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- r.Send(t.Context(), "b") }()
		synctest.Wait()
		r.Hang(nil) // is for those that come after it
		if err := r.Send(t.Context(), "c"); err != nil || len(done) != 0 {
			t.Errorf("%v, and %d of those before it went on", err, len(done))
		}
		close(open)
		if err := <-done; err != nil || !slices.Equal(r.Sent(), []string{"c", "b"}) {
			t.Errorf("%v, kept %q", err, r.Sent())
		}
	})
}
