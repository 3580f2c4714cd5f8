package clustertest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bin is the program, once TestMain has built it.
var bin string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "doorward")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin = filepath.Join(dir, "doorward")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/doorward/doorward/cmd/doorward").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// server is one `doorward serve`.
type server struct {
	t    *testing.T
	name string
	addr string
	env  []string
	dir  string
	cmd  *exec.Cmd
	done chan struct{} // the process has ended
}

// cluster is several servers on one database, with one file of secrets.
type cluster struct {
	t       *testing.T
	dir     string
	env     []string
	servers []*server
}

// launch starts n servers and waits until they answer.
func launch(t *testing.T, n int, database string, environ ...string) *cluster {
	t.Helper()
	dir := t.TempDir()
	c := &cluster{t: t, dir: dir, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DATABASE_URL=" + database, "DOORWARD_SECRETS_FILE=" + filepath.Join(dir, "secrets"),
		"SECURITY_REGISTERABLE=true", "SECURITY_EMAIL_ALLOW_LOCAL=true", "DOORWARD_TRUSTED_PROXIES=127.0.0.1/32", "DOORWARD_DATABASE_CONNECTIONS=8",
	}, environ...)}
	for i := range n {
		c.servers = append(c.servers, c.add(fmt.Sprintf("server%d", i+1)))
	}
	for _, s := range c.servers {
		s.await(http.StatusOK)
	}
	return c
}

func (c *cluster) add(name string) *server {
	c.t.Helper()
	s := &server{t: c.t, name: name, addr: free(c.t), env: c.env, dir: c.dir}
	s.start()
	c.t.Cleanup(func() {
		s.kill()
		if trouble := s.trouble(); c.t.Failed() && trouble != "" {
			c.t.Logf("%s said:\n%s", name, trouble)
		}
	})
	return s
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func (s *server) start() {
	s.t.Helper()
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	s.cmd = exec.Command(bin, "serve", "--addr", s.addr)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.env, log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait()
	}()
}

// kill ends the process without a chance to tidy up.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

func (s *server) logPath() string { return filepath.Join(s.dir, s.name+".log") }

func (s *server) log() string {
	text, err := os.ReadFile(s.logPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Error(err)
	}
	return string(text)
}

// trouble is what the log has beside requests, at most twenty lines of it.
func (s *server) trouble() string {
	var lines []string
	for line := range strings.Lines(s.log()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[:min(20, len(lines))], "")
}

// await returns when /healthz answers with a status.
func (s *server) await(status int) {
	s.t.Helper()
	poll(s.t, fmt.Sprintf("%s is not at %d", s.name, status), func() bool {
		res, err := http.Get("http://" + s.addr + "/healthz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == status
	})
}

// memory is how much of it the process has, in KiB.
func (s *server) memory() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// goroutines ends the process with a list of all of them, and counts.
func (s *server) goroutines() int {
	s.t.Helper()
	before := len(s.log())
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		s.t.Fatal(err)
	}
	<-s.done
	return strings.Count(s.log()[before:], "\ngoroutine ")
}

// operate runs another command on the database.
func (c *cluster) operate(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// noPanics fails if a server logged one.
func (c *cluster) noPanics() {
	c.t.Helper()
	for _, s := range c.servers {
		if log := s.log(); strings.Contains(log, "panic") {
			c.t.Errorf("%s panicked: %s", s.name, log[strings.Index(log, "panic"):][:min(2000, len(log)-strings.Index(log, "panic"))])
		}
	}
}

// patience is for a machine that does much else meanwhile.
const patience = time.Minute

// poll returns when f is true, and fails the test if that takes too long.
func poll(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s after %v", what, patience)
		}
	}
}
