package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	"github.com/doorward/doorward/internal/bench"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/reset"
	"github.com/doorward/doorward/username"
)

// TestTwins measures whether the time of an answer tells a stranger that there
// is an account, and does not judge. Every request is from another address and
// about another account, so that no limit comes between.
func TestTwins(t *testing.T) {
	n := 400
	if !*table {
		n = 3
	}
	ctx := t.Context()
	w, err := bench.NewWorldWith(ctx, t.TempDir(), 20*n, func(cfg *batteries.Config) {
		cfg.GenericResponses, cfg.CSRF.IgnoreAnonymous = true, true
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil)) // written, and kept out of the table
		cfg.Mail.Sender, cfg.URLs.ServerName = &mail.Outbox{}, "localhost"
		cfg.Address.NoDeliverability = true
		cfg.Register, cfg.Confirm, cfg.Reset = &register.Config{}, &confirm.Config{}, &reset.Config{}
		cfg.Username.Recovery = &username.Recovery{}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	h := w.App.Handler(http.NotFoundHandler())
	known, unknown := 0, 0
	fmt.Printf("%d pairs each; what a stranger sees of the time with an account and without\n%-18s %12s %12s %7s %7s\n", n, "page", "with", "without", "ratio", "p10-p90")
	for _, page := range []struct {
		path string
		want int // status
	}{{"/login", 400}, {"/register", 200}, {"/reset", 200}, {"/confirm", 200}, {"/recover-username", 200}} {
		var with, without []time.Duration
		var ratios []float64
		for i := range n + n/10 {
			known, unknown = known+1, unknown+1
			var a, b time.Duration
			first := func() { a = timed(t, h, page.path, bench.Email(known), known, page.want) }
			second := func() {
				b = timed(t, h, page.path, fmt.Sprintf("nobody%d@example.com", unknown), 1<<20+unknown, page.want)
			}
			if i%2 == 0 { // neither is always the one that follows the other's work
				first, second = second, first
			}
			first()
			second()
			if i >= n/10 {
				with, without, ratios = append(with, a), append(without, b), append(ratios, float64(a)/float64(b))
			}
		}
		slices.Sort(with)
		slices.Sort(without)
		slices.Sort(ratios)
		fmt.Printf("%-18s %12s %12s %7.3f %.2f-%.2f\n", page.path, with[len(with)/2], without[len(without)/2], ratios[len(ratios)/2],
			ratios[len(ratios)/10], ratios[len(ratios)*9/10])
	}
}

// timed sends one form from an address of its own.
func timed(t *testing.T, h http.Handler, path, email string, from, want int) time.Duration {
	t.Helper()
	body, err := json.Marshal(map[string]string{"email": email, "password": "quite another horse battery", "password_confirm": "quite another horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", from>>16&255, from>>8&255, from&255)
	rec := httptest.NewRecorder()
	start := time.Now()
	h.ServeHTTP(rec, r)
	took := time.Since(start)
	if rec.Code != want {
		t.Fatalf("%s for %s: %d %s", path, email, rec.Code, rec.Body)
	}
	return took
}
