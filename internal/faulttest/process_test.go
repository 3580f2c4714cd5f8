package faulttest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(dir))
	}
	os.Exit(code)
}

// program builds the server and the command line once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "doorward")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "doorward")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/doorward/doorward/cmd/doorward").CombinedOutput()
	if err != nil {
		err = &status{1, string(out)}
	}
	return bin, err
})

// server is a `doorward serve` of its own.
type server struct {
	t    *testing.T
	at   string
	bin  string
	env  []string
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// prepare makes a server on a database that is not running yet.
func prepare(t *testing.T, database, secrets string, environ ...string) *server {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return &server{t: t, bin: bin, log: &buffer{}, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "DATABASE_URL=" + database, "DOORWARD_SECRETS_FILE=" + secrets,
		"SECURITY_REGISTERABLE=true", "SECURITY_SESSIONS_PAGE=true", "SECURITY_EMAIL_ALLOW_LOCAL=true",
	}, environ...)}
}

// start runs the server until it answers, or returns what it said when it ended.
func (s *server) start() (said string, ok bool) {
	s.t.Helper()
	addr, _ := free(s.t)
	s.at = "http://" + addr
	s.cmd = exec.Command(s.bin, "serve", "--addr", addr)
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env, s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	s.done = done
	go func() {
		defer close(done)
		_ = s.cmd.Wait()
	}()
	s.t.Cleanup(s.stop)
	up := false
	poll(s.t, func() bool {
		select {
		case <-done:
			return true
		default:
		}
		up = strings.Contains(s.log.String(), "is ready at")
		return up
	})
	return s.log.String(), up
}

// mustStart is start where it has to work.
func (s *server) mustStart() {
	s.t.Helper()
	if said, ok := s.start(); !ok {
		s.t.Fatalf("the server does not start:\n%s", said)
	}
}

// stop ends it in order.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// operate runs another command.
func (s *server) operate(args ...string) (string, int) {
	s.t.Helper()
	cmd := exec.Command(s.bin, args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// errors are the lines of level ERROR and the panics since a place in the log.
func (s *server) errors(since int) (out []string) {
	for line := range strings.Lines(s.log.String()[since:]) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
			out = append(out, line)
		}
	}
	return out
}

// client is a program with cookies.
type client struct {
	s    *server
	http *http.Client
}

func (s *server) client() *client {
	jar, _ := cookiejar.New(nil)
	return &client{s, &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// reply is what came back, with what was logged meanwhile.
type reply struct {
	status int
	header http.Header
	text   string
	logged []string
}

func (c *client) do(method, path string, body any, header ...string) reply {
	c.s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.at+path, bytes.NewReader(text))
	if err != nil {
		c.s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	since := len(c.s.log.String())
	res, err := c.http.Do(r)
	if err != nil {
		c.s.t.Fatalf("%s %s: %v\n%s", method, path, err, c.s.log.String()[since:])
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(got), c.s.errors(since)}
}

// token is a CSRF token of a page.
func (c *client) token(page string) string {
	c.s.t.Helper()
	var env struct{ Response map[string]any }
	_ = json.Unmarshal([]byte(c.do(http.MethodGet, page, nil).text), &env)
	token, _ := env.Response["csrf_token"].(string)
	return token
}

func (c *client) post(page, path string, body map[string]any) reply {
	c.s.t.Helper()
	return c.do(http.MethodPost, path, body, "X-CSRFToken", c.token(page))
}

const secret = "correct-horse-battery-9"

func (c *client) register(email string) reply {
	c.s.t.Helper()
	return c.post("/register", "/register", map[string]any{"email": email, "password": secret, "password_confirm": secret})
}

func (c *client) signIn(email string) reply {
	c.s.t.Helper()
	return c.post("/login", "/login", map[string]any{"email": email, "password": secret, "remember": true})
}

// mount mounts something on a new directory, if that is allowed.
func mount(t *testing.T, options ...string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", append(options, dir)...).CombinedOutput(); err != nil {
		testdb.Missing(t, "nothing can be mounted: "+string(out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	return dir
}
