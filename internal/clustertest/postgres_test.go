package clustertest_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// postgres is a server of the test's own, which may be stopped.
type postgres struct {
	t    *testing.T
	bin  string
	home string
	addr string
	cred *syscall.Credential // whom it runs as; nil is whoever runs the test
}

// startPostgres makes an empty server and starts it. What it acknowledged is in
// the hands of the operating system, which survives what the test does.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	p := &postgres{t: t, bin: filepath.Dir(program(t, "pg_ctl", "/usr/lib/postgresql/*/bin/pg_ctl")), addr: free(t)}
	var err error
	if p.home, err = os.MkdirTemp("", "doorward"); err != nil { // in t.TempDir nobody else may look
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.home) })
	if os.Getuid() == 0 { // it refuses to run as root
		p.become("postgres")
	}
	p.run("initdb", "-D", p.data(), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	p.start()
	t.Cleanup(func() {
		p.signal(syscall.SIGCONT)
		_ = p.command("pg_ctl", "-D", p.data(), "-m", "immediate", "stop").Run()
	})
	return p
}

func (p *postgres) become(name string) {
	p.t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		testdb.Missing(p.t, "there is no user "+name+" to run PostgreSQL as")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	p.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(p.home, uid, gid); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postgres) data() string { return filepath.Join(p.home, "data") }

func (p *postgres) url() string { return "postgres://postgres@" + p.addr + "/postgres?sslmode=disable" }

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir = p.home
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.cred}
	return cmd
}

func (p *postgres) run(name string, args ...string) {
	p.t.Helper()
	log, err := os.Create(filepath.Join(p.home, name+".out")) // a pipe would stay open with the server
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd := p.command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		p.t.Fatalf("%s: %v\n%s", name, err, said)
	}
}

func (p *postgres) start() {
	p.t.Helper()
	_, port, _ := net.SplitHostPort(p.addr)
	p.run("pg_ctl", "-D", p.data(), "-l", filepath.Join(p.home, "log"), "-w", "-o",
		"-p "+port+" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c full_page_writes=off", "start")
}

// stop ends the server at once, with all that its connections were doing.
func (p *postgres) stop() {
	p.t.Helper()
	p.run("pg_ctl", "-D", p.data(), "-m", "immediate", "-w", "stop")
}

// signal sends one to the server and to all its processes, of which the server
// is the parent. It makes no new ones once it has stopped.
func (p *postgres) signal(s syscall.Signal) {
	text, err := os.ReadFile(filepath.Join(p.data(), "postmaster.pid"))
	if err != nil {
		return // it is not running
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		p.t.Errorf("postmaster.pid: %v", err)
		return
	}
	_ = syscall.Kill(pid, s)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		var child, parent int
		var state string
		_, rest, _ := strings.Cut(string(text), ") ") // behind the name, which may hold anything
		_, _ = fmt.Sscan(rest, &state, &parent)
		_, _ = fmt.Sscan(string(text), &child)
		if parent == pid {
			_ = syscall.Kill(child, s)
		}
	}
}
