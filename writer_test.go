package doorward_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	kit "github.com/doorward/doorward/doorwardtest"
)

// What a server's response writer can do, ours can, whichever way it is asked for.
func TestResponseWriterHidesNothing(t *testing.T) {
	app := kit.New(t, nil)
	gone := make(chan bool, 1)
	app.Mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = buf.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\nraw")
		_ = buf.Flush()
		_ = conn.Close()
	})
	app.Mux.HandleFunc("/copy", func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("copied")); err != nil {
			t.Error(err)
		}
	})
	app.Mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		//lint:ignore SA1019 frameworks ask for it
		gone <- <-w.(http.CloseNotifier).CloseNotify()
	})
	srv := httptest.NewServer(app)
	defer srv.Close()

	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /hijack HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(bufio.NewReader(conn)); err != nil || !strings.HasSuffix(string(all), "\r\n\r\nraw") {
		t.Errorf("hijacked: %q %v", all, err)
	}
	res, err := http.Get(srv.URL + "/copy")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || string(body) != "copied" || res.Header.Get("Cache-Control") == "" {
		t.Errorf("%q %v %v", body, res.Header, err)
	}
	res, err = http.Get(srv.URL + "/gone")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if !<-gone {
		t.Error("not told that the visitor has gone")
	}
}
