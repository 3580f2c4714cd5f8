package doorwardotel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/doorward/doorward"
)

// Scope is the name of the instrumentation scope of all instruments.
const Scope = "github.com/doorward/doorward"

// maxInstruments bounds each kind of instrument. Names come from code, not from
// requests; should an application make them from what strangers sent, it is
// this many and no more.
const maxInstruments = 64

// bounds are the buckets of timings, in seconds.
func bounds() []float64 {
	return []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
}

type meter struct {
	meter  metric.Meter
	counts instruments[metric.Int64Counter]
	times  instruments[metric.Float64Histogram]
}

var _ doorward.Meter = (*meter)(nil)

// New returns a meter that sends to p, for doorward.Config.Meter. It is safe for
// concurrent use and costs next to nothing while nobody reads from p. The
// instruments that Doorward names are made at once, so that what p has against
// them is known at start.
func New(p metric.MeterProvider) (doorward.Meter, error) {
	if p == nil {
		return nil, errors.New("doorwardotel: no meter provider; otel.GetMeterProvider() is the global one")
	}
	m := &meter{meter: p.Meter(Scope)}
	m.counts.create, m.times.create = m.newCounter, m.newHistogram
	var errs []error
	for _, in := range known() {
		if in.timing {
			_, err := m.times.add(in.name)
			errs = append(errs, err)
		} else {
			_, err := m.counts.add(in.name)
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("doorwardotel: %w", err)
	}
	return m, nil
}

// instrument describes one that Doorward names.
type instrument struct {
	name, help string
	timing     bool
}

func known() []instrument {
	return []instrument{
		{"doorward.events", "Security events, by action and outcome.", false},
		{"doorward.hash.refused", "Password hashes refused because too many were waiting.", false},
		{"doorward.hash.given_up", "Password hashes that nobody waited for any more.", false},
		{"doorward.request", "Time to answer a request to a security page.", true},
		{"doorward.identity", "Time to find out who makes a request.", true},
		{"doorward.hash.wait", "Time that a password hash waited for its turn.", true},
		{"doorward.hash.time", "Time that a password hash took.", true},
	}
}

// describe returns the help of a known instrument; others have none.
func describe(name string) string {
	all := known()
	if i := slices.IndexFunc(all, func(in instrument) bool { return in.name == name }); i >= 0 {
		return all[i].help
	}
	return ""
}

func (m *meter) newCounter(name string) (metric.Int64Counter, error) {
	return m.meter.Int64Counter(name, metric.WithDescription(describe(name)))
}

func (m *meter) newHistogram(name string) (metric.Float64Histogram, error) {
	return m.meter.Float64Histogram(name, metric.WithDescription(describe(name)), metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(bounds()...))
}

// Count implements [doorward.Meter].
func (m *meter) Count(ctx context.Context, name string, n int64, attrs ...slog.Attr) {
	if c, ok := m.counts.get(name); ok && c.Enabled(ctx) {
		c.Add(ctx, n, metric.WithAttributeSet(set(attrs)))
	}
}

// Time implements [doorward.Meter].
func (m *meter) Time(ctx context.Context, name string, d time.Duration, attrs ...slog.Attr) {
	if h, ok := m.times.get(name); ok && h.Enabled(ctx) {
		h.Record(ctx, d.Seconds(), metric.WithAttributeSet(set(attrs)))
	}
}

func set(attrs []slog.Attr) attribute.Set {
	var room [8]attribute.KeyValue
	out := room[:0]
	for _, a := range attrs {
		out = appendAttr(out, a)
	}
	return attribute.NewSet(out...)
}

// instruments are the instruments of one kind, each made once.
type instruments[I any] struct {
	create func(name string) (I, error)
	mu     sync.RWMutex
	made   map[string]made[I]
	full   bool // and that was said
}

// made is an instrument, or what was wrong with it: that is found out once too.
type made[I any] struct {
	instrument I
	ok         bool
}

// get returns the instrument of that name, or false where there is none. What is
// wrong is told once, to OpenTelemetry's error handler.
func (s *instruments[I]) get(name string) (I, bool) {
	s.mu.RLock()
	m, found := s.made[name]
	full := s.full
	s.mu.RUnlock()
	if found || full {
		return m.instrument, m.ok
	}
	m, err := s.add(name)
	if err != nil {
		otel.Handle(fmt.Errorf("doorwardotel: %w", err))
	}
	return m.instrument, m.ok
}

// add makes an instrument, unless somebody else just did.
func (s *instruments[I]) add(name string) (made[I], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, found := s.made[name]; found {
		return m, nil
	}
	if s.full {
		return made[I]{}, nil
	}
	if len(s.made) >= maxInstruments {
		s.full = true
		return made[I]{}, fmt.Errorf("%q and all further names are left out: there are %d, and an instrument's name must not come from a request", clip(name), maxInstruments)
	}
	in, err := s.create(name)
	if s.made == nil {
		s.made = map[string]made[I]{}
	}
	m := made[I]{in, err == nil}
	s.made[name] = m
	if err != nil {
		return m, fmt.Errorf("instrument %q: %w", clip(name), err)
	}
	return m, nil
}
