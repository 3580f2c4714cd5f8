package scenario

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const megabyte = 1_000_000

func blob(size int) (b []byte, digest string) {
	b = make([]byte, size)
	_, _ = rand.Read(b)
	sum := sha256.Sum256(b)
	return b, hex.EncodeToString(sum[:])
}

func (x *Example) upload(t *testing.T, b *browser) {
	body, digest := blob(megabyte)
	b.do(t, http.MethodPost, "/test/upload", bytes.NewReader(body), "Content-Type", "application/octet-stream", "Expect", "100-continue").want(t, http.StatusBadRequest)
	token := b.formToken(t, "/account")
	b.do(t, http.MethodPost, "/test/upload", bytes.NewReader(body), "Content-Type", "application/octet-stream", "X-CSRF-Token", token).
		want(t, http.StatusOK, digest)
}

// multipart sends files in a form. The guard reads the form for the token in it,
// up to a limit, and leaves it alone if the token is in the header.
func (x *Example) multipart(t *testing.T, b *browser) {
	token := b.formToken(t, "/account")
	file, digest := blob(megabyte)
	body, kind := fileForm(t, token, file)
	b.do(t, http.MethodPost, "/test/multipart", body, "Content-Type", kind).want(t, http.StatusOK, digest)
	file, digest = blob(megabyte * 11 / 10)
	body, kind = fileForm(t, token, file)
	b.do(t, http.MethodPost, "/test/multipart", body, "Content-Type", kind).want(t, http.StatusBadRequest)
	body, kind = fileForm(t, "", file)
	b.do(t, http.MethodPost, "/test/multipart", body, "Content-Type", kind, "X-CSRF-Token", token).want(t, http.StatusOK, digest)
}

func fileForm(t *testing.T, token string, file []byte) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	if err := w.WriteField("csrf_token", token); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("file", "file.bin")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, w.FormDataContentType()
}

// stream reads the first line while the handler still has the rest.
func (x *Example) stream(t *testing.T, b *browser) {
	res, err := b.client.Do(b.request(t, http.MethodGet, "/test/stream", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body := bufio.NewReader(res.Body)
	if line, err := body.ReadString('\n'); line != "first\n" {
		t.Fatalf("the first line is %q: %v", line, err)
	}
	close(x.release)
	got := make([]byte, chunkSize)
	for i := range chunks {
		if _, err := io.ReadFull(body, got); err != nil || !bytes.Equal(got, chunk(i)) {
			t.Fatalf("chunk %d is not what was sent: %v", i, err)
		}
	}
	if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
		t.Errorf("%d bytes too many: %v", len(rest), err)
	}
}

// hijack speaks with a handler as a websocket does.
func (x *Example) hijack(t *testing.T, b *browser) {
	r := b.request(t, http.MethodGet, "/test/hijack", nil, "Connection", "Upgrade", "Upgrade", "echo")
	for _, c := range b.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("status %d: %s", res.StatusCode, body)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := in.ReadString('\n'); line != "hello\n" {
		t.Errorf("said back: %q: %v", line, err)
	}
}

// crash wants a plain 500, or a closed connection, and a program that goes on.
func (x *Example) crash(t *testing.T, b *browser) {
	res, err := b.client.Do(b.request(t, http.MethodGet, "/test/crash", nil))
	if err == nil {
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "out of range") {
			t.Errorf("status %d: %s", res.StatusCode, body)
		}
	}
	b.get(t, "/", page).want(t, http.StatusOK, "You are "+email)
}
