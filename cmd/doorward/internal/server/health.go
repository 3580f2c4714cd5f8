package server

import (
	"context"
	"net/http"
)

// health answers {"status":"ok"}, or 503 if the database does not answer in
// time. The reason is in the log only.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = w.Write([]byte(`{"status":"method not allowed"}` + "\n"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Settings.HealthTimeout)
	defer cancel()
	if err := s.Database.Check(ctx); err != nil {
		s.Log.ErrorContext(ctx, "the database does not answer", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"status":"unavailable","database":"unavailable"}` + "\n"))
		return
	}
	_, _ = w.Write([]byte(`{"status":"ok","database":"ok"}` + "\n"))
}
