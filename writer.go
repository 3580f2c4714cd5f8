package doorward

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
)

// responseWriter writes the visit's cookies with the header, whoever writes it.
type responseWriter struct {
	http.ResponseWriter
	v      *visit
	done   bool
	status int // 0 until it is written, or if that was left to Write
}

// Unwrap lets http.ResponseController reach the server's writer.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *responseWriter) commit() {
	if !w.done {
		w.done = true
		w.v.writeCookies(w.Header())
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	if status >= 200 {
		w.commit()
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(b []byte) (int, error) {
	w.commit()
	return w.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom: files are sent without being copied.
func (w *responseWriter) ReadFrom(r io.Reader) (int64, error) {
	w.commit()
	return io.Copy(w.ResponseWriter, r)
}

// Hijack implements http.Hijacker, for libraries that look for it and not for
// http.ResponseController. The connection has no cookies of ours.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// CloseNotify implements http.CloseNotifier, which some frameworks still take
// for granted.
func (w *responseWriter) CloseNotify() <-chan bool {
	gone := make(chan bool, 1)
	context.AfterFunc(w.v.r.Context(), func() { gone <- true })
	return gone
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController looks for.
func (w *responseWriter) FlushError() error {
	w.commit()
	return http.NewResponseController(w.ResponseWriter).Flush()
}
