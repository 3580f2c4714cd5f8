package forwardauth

import (
	"net/http"
	"strconv"
)

// cookieHeader and a number name the headers with copies of the cookies. nginx
// before 1.23 sees only the first Set-Cookie of an answer, and later ones join
// them to something that no browser takes apart; Caddy joins them too.
const cookieHeader = "Doorward-Cookie-"

// cookieWriter copies each Set-Cookie into a header of its own. It does so only
// in answers that the proxy keeps to itself: where a browser gets them, scripts
// could read the copies.
type cookieWriter struct {
	http.ResponseWriter
	always bool // the proxy passes on no answer of ours
}

// Unwrap lets http.ResponseController reach the server's writer.
func (w *cookieWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *cookieWriter) WriteHeader(status int) {
	if h := w.Header(); w.always || status == http.StatusOK {
		for i, c := range h.Values("Set-Cookie") {
			h.Set(cookieHeader+strconv.Itoa(i+1), c)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}
