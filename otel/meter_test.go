package doorwardotel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	doorwardotel "github.com/doorward/doorward/otel"
)

const joe = "joe@example.com"

// recorder is a meter and what it got.
type recorder struct {
	doorward.Meter
	tb     testing.TB
	reader *sdk.ManualReader
}

func newRecorder(tb testing.TB) recorder {
	tb.Helper()
	reader := sdk.NewManualReader()
	m, err := doorwardotel.New(sdk.NewMeterProvider(sdk.WithReader(reader)))
	if err != nil {
		tb.Fatal(err)
	}
	return recorder{m, tb, reader}
}

func (r recorder) collect() []metricdata.Metrics {
	r.tb.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(r.tb.Context(), &all); err != nil {
		r.tb.Fatal(err)
	}
	var out []metricdata.Metrics
	for _, s := range all.ScopeMetrics {
		if s.Scope.Name != doorwardotel.Scope {
			r.tb.Errorf("scope %q", s.Scope.Name)
		}
		out = append(out, s.Metrics...)
	}
	return out
}

// lines returns what was counted and timed, one line each: name, attributes in
// the order of their keys, and how often.
func (r recorder) lines() []string {
	r.tb.Helper()
	var out []string
	line := func(name string, set attribute.Set, n any) {
		text := name
		for _, kv := range set.ToSlice() {
			text += fmt.Sprintf(" %s=%s", kv.Key, kv.Value.String())
		}
		out = append(out, fmt.Sprintf("%s: %d", text, n))
	}
	for _, m := range r.collect() {
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range d.DataPoints {
				line(m.Name, p.Attributes, p.Value)
			}
		case metricdata.Histogram[float64]:
			if m.Unit != "s" {
				r.tb.Errorf("%s is in %q", m.Name, m.Unit)
			}
			for _, p := range d.DataPoints {
				line(m.Name, p.Attributes, p.Count)
			}
		default:
			r.tb.Errorf("%s is a %T", m.Name, m.Data)
		}
	}
	slices.Sort(out)
	return out
}

func (r recorder) has(want ...string) {
	r.tb.Helper()
	got := r.lines()
	for _, w := range want {
		if !slices.Contains(got, w) {
			r.tb.Errorf("no %q in\n%s", w, strings.Join(got, "\n"))
		}
	}
}

// What an application with all of its features counts and times.
func TestApplication(t *testing.T) {
	rec := newRecorder(t)
	app := kit.New(t, func(c *batteries.Config) { c.Meter = rec })
	app.Mux.Handle("/page", app.RequireUser()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("page")) })))
	app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	b.CSRF("/login")
	b.Post("/login", kit.Fields{"email": joe, "password": "wrong password"}).Want(400)
	b.Post("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(200)
	for range 3 {
		b.Get("/page").Want(200)
	}
	app.Browser().Get("/page", "Authentication-Token", "not a token").Want(302)
	app.Browser().Do("BREW", "/login", nil).Want(405)
	rec.has(
		"doorward.events action=credential outcome=failure: 1",
		"doorward.events action=sign-in outcome=success: 1",
		"doorward.events action=access outcome=refused: 1",
		"doorward.request method=GET route=login status=200: 1",
		"doorward.request method=POST route=login status=400: 1",
		"doorward.request method=POST route=login status=200: 1",
		"doorward.request method=other route=login status=405: 1",
		"doorward.identity mechanism=session outcome=success: 3",
		"doorward.identity mechanism=token outcome=failure: 1",
	)
	for _, line := range rec.lines() {
		if strings.Contains(line, joe) || strings.Contains(line, "/page") || strings.Contains(line, "BREW") {
			t.Errorf("too much is told: %s", line)
		}
	}
}

func TestNumbers(t *testing.T) {
	rec := newRecorder(t)
	rec.Count(t.Context(), "doorward.events", 2)
	rec.Count(t.Context(), "doorward.events", 3)
	rec.Count(t.Context(), "doorward.hash.refused", 1)
	rec.Time(t.Context(), "doorward.request", 250*time.Millisecond)
	rec.Time(t.Context(), "doorward.request", 20*time.Microsecond)
	rec.Time(t.Context(), "doorward.hash.wait", time.Minute)
	rec.Time(t.Context(), "mine", time.Second)
	rec.has("doorward.events: 5", "doorward.hash.refused: 1", "doorward.request: 2", "doorward.hash.wait: 1", "mine: 1")
	for _, m := range rec.collect() {
		h, ok := m.Data.(metricdata.Histogram[float64])
		if (m.Description == "") != (m.Name == "mine") {
			t.Errorf("%s: description %q", m.Name, m.Description)
		}
		if !ok || m.Name != "doorward.request" {
			continue
		}
		p := h.DataPoints[0]
		if math.Abs(p.Sum-0.25002) > 1e-9 || p.BucketCounts[0] != 1 || !slices.IsSorted(p.Bounds) || p.Bounds[0] != 0.0001 || p.Bounds[len(p.Bounds)-1] != 10 {
			t.Errorf("sum %v, buckets %v of %v", p.Sum, p.BucketCounts, p.Bounds)
		}
	}
}

type lazy struct{}

func (lazy) LogValue() slog.Value { return slog.StringValue("when asked") }

func TestAttributes(t *testing.T) {
	long := strings.Repeat("é", 100)
	for name, c := range map[string]struct {
		in   slog.Attr
		want attribute.KeyValue
	}{
		"string":        {slog.String("k", "v"), attribute.String("k", "v")},
		"int":           {slog.Int("k", -7), attribute.Int64("k", -7)},
		"unsigned":      {slog.Uint64("k", 7), attribute.Int64("k", 7)},
		"huge":          {slog.Uint64("k", math.MaxUint64), attribute.String("k", "18446744073709551615")},
		"float":         {slog.Float64("k", 1.5), attribute.Float64("k", 1.5)},
		"bool":          {slog.Bool("k", true), attribute.Bool("k", true)},
		"duration":      {slog.Duration("k", 1500*time.Millisecond), attribute.Float64("k", 1.5)},
		"time":          {slog.Time("k", time.Unix(0, 0).UTC()), attribute.String("k", "1970-01-01 00:00:00 +0000 UTC")},
		"error":         {slog.Any("k", errors.New("broken")), attribute.String("k", "broken")},
		"list":          {slog.Any("k", []string{"a", "b"}), attribute.String("k", "[a b]")},
		"nothing":       {slog.Any("k", nil), attribute.String("k", "<nil>")},
		"lazy":          {slog.Any("k", lazy{}), attribute.String("k", "when asked")},
		"group":         {slog.Group("g", slog.Int("k", 1)), attribute.Int64("g.k", 1)},
		"nameless":      {slog.Group("", slog.Int("k", 1)), attribute.Int64("k", 1)},
		"long":          {slog.String("k", long), attribute.String("k", long[:128])},
		"cut in two":    {slog.String("k", "x"+long), attribute.String("k", ("x" + long)[:127])},
		"not UTF-8":     {slog.String("k", "a\xffb"), attribute.String("k", "a?b")},
		"continuations": {slog.String("k", strings.Repeat("\x80", 300)), attribute.String("k", "")},
	} {
		t.Run(name, func(t *testing.T) {
			rec := newRecorder(t)
			rec.Count(t.Context(), "c", 1, c.in, slog.Attr{})
			got := rec.collect()[0].Data.(metricdata.Sum[int64]).DataPoints[0].Attributes.ToSlice()
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestUnusableProviders(t *testing.T) {
	if _, err := doorwardotel.New(nil); err == nil {
		t.Error("no provider is accepted")
	}
	if _, err := doorwardotel.New(broken{}); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "doorward.events") {
		t.Errorf("a provider that makes no instruments: %v", err)
	}
}

var errBroken = errors.New("no instruments today")

type broken struct{ noop.MeterProvider }

func (broken) Meter(string, ...metric.MeterOption) metric.Meter { return brokenMeter{} }

type brokenMeter struct{ noop.Meter }

func (brokenMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errBroken
}

// Names that strangers make up, or that are none, cost a bounded amount and are
// told once.
func TestNamesAreBounded(t *testing.T) {
	var told []string
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { told = append(told, err.Error()) }))
	t.Cleanup(func() { otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {})) })
	rec := newRecorder(t)
	for range 2 {
		rec.Count(t.Context(), "not a name!", 1)
		rec.Time(t.Context(), "", time.Second)
	}
	if len(told) != 2 {
		t.Errorf("told %q", told)
	}
	told = nil
	for i := range 1000 {
		rec.Count(t.Context(), fmt.Sprintf("count%d", i), 1)
		rec.Time(t.Context(), fmt.Sprintf("time%d", i), 1)
	}
	rec.Count(t.Context(), "doorward.events", 7)
	if n := len(rec.lines()); n > 128 || n < 100 || len(told) != 2 {
		t.Errorf("%d instruments, told %q", n, told)
	}
	rec.has("doorward.events: 7", "count0: 1", "time0: 1")
}

func TestAtOnce(t *testing.T) {
	rec := newRecorder(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 100 {
				rec.Count(t.Context(), fmt.Sprintf("c%d", n%10), 1, slog.Int("worker", i%2))
				rec.Time(t.Context(), fmt.Sprintf("t%d", n%10), time.Millisecond)
			}
		})
	}
	wg.Wait()
	want := []string{}
	for n := range 10 {
		want = append(want, fmt.Sprintf("c%d worker=0: 80", n), fmt.Sprintf("c%d worker=1: 80", n), fmt.Sprintf("t%d: 160", n))
	}
	rec.has(want...)
}

func FuzzText(f *testing.F) {
	f.Add("plain")
	f.Add(strings.Repeat("\xe2\x82", 70))
	f.Fuzz(func(t *testing.T, s string) {
		rec := newRecorder(t)
		rec.Count(t.Context(), "c", 1, slog.String("k", s))
		v, _ := rec.collect()[0].Data.(metricdata.Sum[int64]).DataPoints[0].Attributes.Value("k")
		if got := v.AsString(); !utf8.ValidString(got) || len(got) > 128 || len(s) <= 128 && utf8.ValidString(s) && got != s {
			t.Fatalf("%q of %q", got, s)
		}
	})
}

// BenchmarkMeter is the cost of one measurement: by the SDK, by the API without
// an SDK, and by a meter that does nothing.
func BenchmarkMeter(b *testing.B) {
	idle, err := doorwardotel.New(noop.NewMeterProvider())
	if err != nil {
		b.Fatal(err)
	}
	for name, m := range map[string]doorward.Meter{"sdk": newRecorder(b), "noop": idle, "nothing": nothing{}} {
		b.Run(name+"/count", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Count(b.Context(), "doorward.events", 1, slog.String("action", "sign-in"), slog.String("outcome", "success"))
			}
		})
		b.Run(name+"/time", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Time(b.Context(), "doorward.request", time.Millisecond, slog.String("route", "login"), slog.String("method", "POST"), slog.Int("status", 200))
			}
		})
	}
}

type nothing struct{}

func (nothing) Count(context.Context, string, int64, ...slog.Attr)        {}
func (nothing) Time(context.Context, string, time.Duration, ...slog.Attr) {}
