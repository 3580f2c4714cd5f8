package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"

	"github.com/doorward/doorward"
)

const (
	chunks    = 256
	chunkSize = 32 << 10 // 8 MB in all
)

func (x *Example) routes() []Route {
	return []Route{
		{http.MethodGet, "/test/csrf", false, giveToken},
		{http.MethodPost, "/test/upload", true, upload},
		{http.MethodPost, "/test/multipart", true, uploadFile},
		{http.MethodGet, "/test/stream", true, x.streamOut},
		{http.MethodGet, "/test/hijack", true, takeOver},
		{http.MethodGet, "/test/crash", true, crash},
	}
}

// giveToken makes a cookie necessary.
func giveToken(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, doorward.CSRFToken(r.Context()))
}

// upload answers the digest of the body.
func upload(w http.ResponseWriter, r *http.Request) {
	h := sha256.New()
	if _, err := io.Copy(h, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, hex.EncodeToString(h.Sum(nil)))
}

// uploadFile answers the digest of a file in a form.
func uploadFile(w http.ResponseWriter, r *http.Request) {
	f, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = f.Close() }()
	r.Body = f
	upload(w, r)
}

// streamOut sends a line, waits until the visitor has it, and sends the rest.
func (x *Example) streamOut(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "first\n")
	f, ok := w.(http.Flusher)
	if !ok {
		return
	}
	f.Flush()
	select {
	case <-x.release:
	case <-r.Context().Done():
		return
	}
	for i := range chunks {
		_, _ = w.Write(chunk(i))
		f.Flush()
	}
}

func chunk(i int) []byte { return bytes.Repeat([]byte{'a' + byte(i%26)}, chunkSize) }

// takeOver speaks another protocol: it says back one line.
func takeOver(w http.ResponseWriter, _ *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	_ = rw.Flush()
	line, err := rw.ReadString('\n')
	if err != nil {
		return
	}
	_, _ = rw.WriteString(line)
	_ = rw.Flush()
}

// crash is a mistake in an application.
func crash(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte(r.URL.Path)[:len(r.URL.Path)*10])
}
