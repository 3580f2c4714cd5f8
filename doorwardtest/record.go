package doorwardtest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/password"
)

// Clock is a time that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock; a negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Hasher is a password hasher that costs microseconds and counts its use.
type Hasher struct {
	inner *password.Hasher
	n     atomic.Int64
}

// Count returns how often a password was hashed or compared.
func (h *Hasher) Count() int { return int(h.n.Load()) }

// Hash is [password.Hasher.Hash].
func (h *Hasher) Hash(ctx context.Context, plain string) (string, error) {
	h.n.Add(1)
	return h.inner.Hash(ctx, plain)
}

// Verify is [password.Hasher.Verify].
func (h *Hasher) Verify(ctx context.Context, plain, stored string) (password.Match, error) {
	h.n.Add(1)
	return h.inner.Verify(ctx, plain, stored)
}

// Waste is [password.Hasher.Waste].
func (h *Hasher) Waste(ctx context.Context, plain string) error {
	h.n.Add(1)
	return h.inner.Waste(ctx, plain)
}

// Events records what happened.
type Events struct {
	mu  sync.Mutex
	all []any
}

func (e *Events) add(event any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

// All returns the events so far, oldest first.
func (e *Events) All() []any {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

// Names returns their types without the package: "Authenticated".
func (e *Events) Names() []string {
	names := []string{}
	for _, ev := range e.All() {
		name := fmt.Sprintf("%T", ev)
		names = append(names, name[strings.LastIndexByte(name, '.')+1:])
	}
	return names
}

// Take returns the names and forgets the events.
func (e *Events) Take() []string {
	names := e.Names()
	e.Reset()
	return names
}

// Reset forgets the events.
func (e *Events) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = nil
}

// EventsOf returns the events of one type.
func EventsOf[E any](e *Events) []E {
	var out []E
	for _, ev := range e.All() {
		if x, ok := ev.(E); ok {
			out = append(out, x)
		}
	}
	return out
}

// Logs keeps what was logged, debug messages included.
type Logs struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write implements io.Writer.
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns the log as text, a line a message.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Contains reports whether one line of the log has all the texts.
func (l *Logs) Contains(texts ...string) bool {
	for line := range strings.Lines(l.String()) {
		if !slices.ContainsFunc(texts, func(t string) bool { return !strings.Contains(line, t) }) {
			return true
		}
	}
	return false
}

func (l *Logs) handler() slog.Handler {
	return slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})
}

// secrets are values that must be in no log and no event.
type secrets struct {
	mu  sync.Mutex
	all map[string]bool
}

const shortestSecret = 8 // shorter ones are found in innocent text

// Secret adds a value that must be neither logged nor told in an event.
// Passwords, cookies and tokens that a [Browser] sends or gets are added by
// themselves.
func (a *App) Secret(value string) {
	if len(value) < shortestSecret {
		return
	}
	a.secrets.mu.Lock()
	defer a.secrets.mu.Unlock()
	if a.secrets.all == nil {
		a.secrets.all = map[string]bool{}
	}
	a.secrets.all[value] = true
}

// checkSecrets fails the test if a secret was logged or told.
func (a *App) checkSecrets() {
	a.tb.Helper()
	a.secrets.mu.Lock()
	defer a.secrets.mu.Unlock()
	var told strings.Builder
	for _, ev := range a.Events.All() {
		fmt.Fprintf(&told, "%+v\n", ev)
	}
	log, events := a.Logs.String(), told.String()
	for s := range a.secrets.all {
		if strings.Contains(log, s) {
			a.tb.Errorf("doorwardtest: a secret is in the log: %s", around(log, s))
		}
		if strings.Contains(events, s) {
			a.tb.Errorf("doorwardtest: a secret is in an event: %s", around(events, s))
		}
	}
}

// around returns the line of text in which s is.
func around(text, s string) string {
	i := strings.Index(text, s)
	from := strings.LastIndexByte(text[:i], '\n') + 1
	to := strings.IndexByte(text[i:], '\n')
	if to < 0 {
		to = len(text) - i
	}
	return text[from : i+to]
}
