package faulttest_test

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/doorward/doorward/internal/testdb"
)

// TestReadOnlyServer: a database server that only answers questions from now on
// keeps everybody signed in and lets nobody in, and a server that starts then
// says why it cannot.
func TestReadOnlyServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	for kind, own := range map[string]func(*testing.T) (url string, freeze, thaw func()){testdb.Postgres: ownPostgres, testdb.MySQL: ownMariaDB} {
		t.Run(kind, func(t *testing.T) {
			url, freeze, thaw := own(t)
			secrets := filepath.Join(t.TempDir(), "secrets")
			s := prepare(t, url, secrets, "SECURITY_LAST_SEEN_EVERY=1 second")
			s.mustStart()
			ann := s.client()
			if r := ann.register(ann1); r.status != http.StatusOK {
				t.Fatalf("%d %s", r.status, r.text)
			}
			freeze()
			since, asked := len(s.log.String()), 0
			poll(t, func() bool { // until the last use could not be noted
				asked++
				r := ann.do(http.MethodGet, "/sessions", nil)
				if r.status != http.StatusOK || len(r.logged) > 0 {
					t.Errorf("read: %d %s %v", r.status, r.text, r.logged)
				}
				return strings.Contains(s.log.String()[since:], "last use of sessions not written")
			})
			if n := strings.Count(s.log.String()[since:], "level=WARN"); n == 0 || n > 2 && n > asked/10 {
				t.Errorf("%d warnings of %d requests:\n%s", n, asked, s.log.String()[since:])
			}
			unavailable(t, "sign in", s.client().signIn(ann1), "read-only")
			unavailable(t, "register", s.client().register("bob@doors.test"), "read-only")
			if len(s.errors(since)) == 0 {
				t.Error("the operator was not told")
			}
			if out, code := s.operate("users", "list"); code != 0 || !strings.Contains(out, ann1) {
				t.Errorf("users list: %d %s", code, out)
			}
			late := prepare(t, url, secrets)
			if said, ok := late.start(); !ok {
				t.Logf("a server that starts now says: %s", said)
			} else if r := late.client().do(http.MethodGet, "/healthz", nil); r.status != http.StatusOK {
				t.Errorf("a server that starts now: %d %s", r.status, r.text)
			}
			thaw()
			if r := s.client().signIn(ann1); r.status != http.StatusOK {
				t.Errorf("sign in afterwards: %d %s", r.status, r.text)
			}
		})
	}
}

// free is an address that nobody listens on.
func free(t *testing.T) (addr, port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return ln.Addr().String(), port
}

// home is a directory for a server and whom to run that as.
func home(t *testing.T, name string) (string, *syscall.SysProcAttr) {
	t.Helper()
	dir, err := os.MkdirTemp("", "doorward")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() != 0 {
		return dir, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		testdb.Missing(t, "there is no user "+name)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return dir, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// find is a program in the path or where Debian has it.
func find(t *testing.T, name, pattern string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob(pattern)
	if len(found) == 0 {
		testdb.Missing(t, "there is no "+name)
	}
	return found[len(found)-1]
}

// ownPostgres is a server that becomes a standby and back: a standby refuses
// to write.
func ownPostgres(t *testing.T) (url string, freeze, thaw func()) {
	bin := filepath.Dir(find(t, "pg_ctl", "/usr/lib/postgresql/*/bin/pg_ctl"))
	dir, as := home(t, "postgres")
	addr, port := free(t)
	data, out := filepath.Join(dir, "data"), filepath.Join(t.TempDir(), "out")
	run := func(name string, args ...string) {
		t.Helper()
		log, err := os.Create(out)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = log.Close() }()
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = dir, as, log, log
		if err := cmd.Run(); err != nil {
			said, _ := os.ReadFile(out)
			t.Fatalf("%s: %v\n%s", name, err, said)
		}
	}
	start := func() {
		run("pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-w", "-o", "-p "+port+" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off", "start")
	}
	stop := func() { run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop") }
	run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	start()
	t.Cleanup(stop)
	sign := filepath.Join(data, "standby.signal")
	freeze = func() {
		stop()
		if err := os.WriteFile(sign, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		start()
	}
	thaw = func() { run("pg_ctl", "-D", data, "-w", "promote") }
	return "postgres://postgres@" + addr + "/postgres?sslmode=disable", freeze, thaw
}

// ownMariaDB is a server that is switched to read-only and back; the user of
// its URL may not go round that.
func ownMariaDB(t *testing.T) (url string, freeze, thaw func()) {
	daemon, install := find(t, "mariadbd", "/usr/sbin/mariadbd"), find(t, "mariadb-install-db", "/usr/bin/mariadb-install-db")
	dir, as := home(t, "mysql")
	addr, port := free(t)
	data, socket, grants := filepath.Join(dir, "data"), filepath.Join(dir, "socket"), filepath.Join(dir, "grants.sql")
	const text = "CREATE DATABASE doors;\nGRANT ALL ON doors.* TO ann@'%' IDENTIFIED BY 'doorward';\nGRANT ALL ON *.* TO boss@'%' IDENTIFIED BY 'doorward';\n"
	if err := os.WriteFile(grants, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db"}
	if as != nil {
		args = append(args, "--user=mysql")
	}
	if out, err := exec.Command(install, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	cmd := exec.Command(daemon, "--no-defaults", "--datadir="+data, "--port="+port, "--bind-address=127.0.0.1", "--socket="+socket,
		"--log-error="+filepath.Join(dir, "log.err"), "--init-file="+grants, "--skip-name-resolve", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0")
	cmd.Dir, cmd.SysProcAttr = dir, as
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.Logger = "boss", "doorward", "tcp", addr, &mysql.NopLogger{}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if !poll(t, func() bool { err = db.PingContext(t.Context()); return err == nil }) {
		said, _ := os.ReadFile(filepath.Join(dir, "log.err"))
		t.Fatalf("MariaDB does not start: %v\n%s", err, said)
	}
	set := func(on int) func() {
		return func() {
			if _, err := db.ExecContext(t.Context(), fmt.Sprint("SET GLOBAL read_only = ", on)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return "mysql://ann:doorward@" + addr + "/doors", set(1), set(0)
}
