package database_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
)

// wire is what stands between a client and its server: it can stop to carry
// anything, and nobody is told.
type wire struct {
	net.Listener
	server string
	mu     sync.RWMutex // held for writing while nothing passes
	conns  sync.WaitGroup
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: ln, server: server}
	w.conns.Go(w.accept)
	t.Cleanup(func() { _ = ln.Close(); w.conns.Wait() })
	return w
}

func (w *wire) accept() {
	for {
		near, err := w.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			w.conns.Go(func() {
				_, _ = io.Copy(pair[0], slow{pair[1], w})
				_, _ = near.Close(), far.Close()
			})
		}
	}
}

// slow passes on what it reads while it may.
type slow struct {
	net.Conn
	w *wire
}

func (s slow) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.w.mu.RLock()
	defer s.w.mu.RUnlock()
	return n, err
}

// A server that says nothing any more holds nobody, whatever he was doing, and
// is used again when it is back.
func TestSilentServer(t *testing.T) {
	servers(t, func(t *testing.T, _ string, u *url.URL) {
		w := newWire(t, u.Host)
		u.Host = w.Addr().String()
		source, err := database.Parse(u.String())
		if err != nil {
			t.Fatal(err)
		}
		h, err := database.Connect(t.Context(), source, database.Options{Connections: 2, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		db, err := h.Store()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		ann := &database.User{Account: doorward.Account{Email: "ann@doors.test", Active: true}}
		if err := db.CreateUser(t.Context(), ann); err != nil {
			t.Fatal(err)
		}
		back := func() {
			w.mu.Unlock()
			for range 3 {
				if err := db.Check(t.Context()); err != nil {
					t.Errorf("after the silence: %v", err)
				}
			}
		}
		for name, do := range map[string]func(context.Context) error{
			"looking up": db.Check,
			"creating": func(ctx context.Context) error {
				return db.CreateUser(ctx, &database.User{Account: doorward.Account{Email: "bob@doors.test"}})
			},
			"listing": func(ctx context.Context) error { _, _, err := db.ListUsers(ctx, "", 0, 1); return err },
		} {
			w.mu.Lock()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			if err := do(ctx); err == nil || errors.Is(err, doorward.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			back()
		}
		silent := false // in the middle of a transaction
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		err = db.UpdateUser(ctx, ann, func(a *doorward.Account) error {
			if !silent {
				silent = true
				w.mu.Lock()
			}
			a.Email = "eve@doors.test"
			return nil
		})
		if err == nil {
			t.Error("updated")
		}
		back()
	})
}
