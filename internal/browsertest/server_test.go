package browsertest_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBrowserServer looks at the pages of the program itself, as it runs
// without any setting.
func TestBrowserServer(t *testing.T) {
	chromium := launch(t)
	b := open(t, chromium, run(t))
	b.visit("/")
	b.look("server-home")
	b.press(`main a[href="/login"]`)
	b.fill("email", address, "password", secret)
	b.press(`main button[type=submit]`)
	b.wantPath("/")
	b.wantText(address)
	b.look("server-home-in")
	b.press(`.bar a[href="/profile"]`)
	b.look("server-profile")
	b.visit("/nothing/here")
	b.look("server-404")
	b.visit("/dev/mail")
	b.wantText("There is no mail yet")
	b.look("server-mail-none")
}

// TestBrowserMailbox looks at the mails that a server without a mail server
// shows, and has the first visit through a proxy that hides itself end that.
func TestBrowserMailbox(t *testing.T) {
	chromium := launch(t)
	server := run(t)
	b := open(t, chromium, server)
	b.visit("/reset")
	b.fill("email", address)
	b.press(`main button[type=submit]`)
	b.visit("/dev/mail")
	b.wantText("to " + address)
	b.look("server-mail-list")
	b.press(`main .list a`)
	b.look("server-mail")

	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	defer proxy.Close()
	// To the browser a name below localhost is as good as one with TLS.
	other := open(t, chromium, strings.Replace(proxy.URL, "127.0.0.1", "door.localhost", 1))
	other.visit("/login")
	if got := b.visit("/dev/mail"); got != http.StatusNotFound {
		t.Errorf("after a visit through a proxy the mails are answered with %d:\n%s", got, b.text())
	}
}

// run builds and starts the program on a free port and returns its URL.
func run(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "doorward")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/doorward/doorward/cmd/doorward")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := port.Addr().String()
	_ = port.Close()

	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DATABASE_URL=sqlite:" + filepath.Join(dir, "users.db")}
	create := exec.CommandContext(t.Context(), bin, "users", "create", address, "--active", "--password", secret)
	create.Dir, create.Env = dir, env
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("make an account: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), bin, "serve", "--addr", addr)
	cmd.Dir, cmd.Env = dir, env
	said, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = said.Close()
		if out, _ := os.ReadFile(said.Name()); t.Failed() {
			t.Logf("the server said:\n%s", out)
		}
	})
	await(t, "http://"+addr+"/")
	return "http://" + addr
}

// await returns when url is answered.
func await(t *testing.T, url string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		res, err := http.Get(url)
		if err == nil {
			_ = res.Body.Close()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the server does not answer: %v", err)
		}
	}
}
