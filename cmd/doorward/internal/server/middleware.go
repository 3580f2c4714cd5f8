package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
)

// pathMax bounds how much of a path is logged.
const pathMax = 200

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController reach the server's writer.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// logged writes one line for each request: what a stranger sent in a query, a
// cookie or a body is not in it, nor is the secret part of a link's path
// (ASVS 16.2.5).
func logged(log *slog.Logger, addr func(*http.Request) netip.Addr, routes []doorward.Route, next http.Handler) http.Handler {
	secret := secretPaths(routes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			level := slog.LevelInfo
			if rec.status == 0 {
				rec.status = http.StatusOK
			}
			if r.URL.Path == healthPath || r.URL.Path == forwardauth.Path && rec.status == http.StatusOK {
				level = slog.LevelDebug // the proxy logs the request that was let through
			}
			log.LogAttrs(r.Context(), level, "request", slog.String("method", clip(r.Method, 20)), slog.String("path", loggable(r.URL.EscapedPath(), secret)),
				slog.Int("status", rec.status), slog.Duration("duration", time.Since(start).Round(time.Microsecond)),
				slog.Int64("bytes", rec.bytes), slog.String("address", addr(r).String()))
		}()
		recovered(log, rec, r, next)
	})
}

// recovered is the last net for a panic: the request is answered 500 if nothing
// was sent yet, and cut off otherwise, so that half an answer is not taken for
// a whole one. The server goes on (ASVS 16.5.4).
func recovered(log *slog.Logger, w *recorder, r *http.Request, next http.Handler) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p != http.ErrAbortHandler {
			log.ErrorContext(r.Context(), "request panicked", "panic", p, "stack", string(debug.Stack()))
		}
		if w.status == 0 && p != http.ErrAbortHandler {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			err = conn.Close()
		}
		log.DebugContext(r.Context(), "answer cut off", "err", err)
	}()
	next.ServeHTTP(w, r)
}

// secretPaths maps the beginning of routes like /reset/{token} to how they are
// logged.
func secretPaths(routes []doorward.Route) map[string]string {
	out := map[string]string{}
	for _, rt := range routes {
		if i := strings.LastIndexByte(rt.Path, '/'); strings.HasPrefix(rt.Path[i+1:], "{") {
			out[rt.Path[:i+1]] = rt.Path
		}
	}
	return out
}

// loggable returns path without what may be a secret: everything behind the
// beginning of such a route, whether or not the route answers it.
func loggable(path string, secret map[string]string) string {
	for i := range len(path) {
		if path[i] == '/' {
			if pattern, ok := secret[path[:i+1]]; ok && i+1 < len(path) {
				return pattern
			}
		}
	}
	// What is written almost like such a route may have a secret, too.
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if len(s) > segmentMax {
			segments[i] = "..."
		}
	}
	return clip(strings.Join(segments, "/"), pathMax)
}

// segmentMax is the longest part of a path that is logged; tokens are longer.
const segmentMax = 60

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}
