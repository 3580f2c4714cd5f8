package smtp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/mail/smtp"
)

// exim is a mail server of its own with STARTTLS and passwords, whose mails are
// files.
type exim struct {
	dir   string
	port  int
	trust *tls.Config
	log   lockedBuilder
}

// config has what the test needs and nothing of the system's. Mail is taken for
// every domain from who signed in, which works on an encrypted line only.
const config = `
primary_hostname = mx.door.example
spool_directory = DIR/spool
log_file_path = DIR/spool/%slog
pid_file_path = DIR/spool/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT
tls_advertise_hosts = *
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
smtputf8_advertise_hosts = *
host_lookup =
keep_environment =
deliver_drop_privilege
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = rcpt
acl_smtp_data = accept

begin acl
rcpt:
  defer message = greylisted, $local_part@$domain
        local_parts = later
  deny  message = no mailbox $local_part@$domain here
        local_parts = nobody
  accept authenticated = *
  deny  message = sign in first

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = DIR/maildir
  maildir_format
  user = OWNER

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{door}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
`

func startExim(t *testing.T) *exim {
	t.Helper()
	program := "/usr/sbin/exim4"
	if _, err := os.Stat(program); err != nil {
		testdb.Missing(t, "exim4 is not installed; this test sends mails to a real server")
	}
	owner, err := user.Lookup("Debian-exim")
	if err != nil || os.Getuid() != 0 {
		testdb.Missing(t, "exim4 takes a configuration of a test's own from root only")
	}
	e := &exim{dir: t.TempDir()}
	e.write(t, owner)
	for range 5 { // somebody else may take the port between our look and exim's
		e.port = freePort(t)
		text := strings.NewReplacer("DIR", e.dir, "PORT", strconv.Itoa(e.port), "OWNER", owner.Username, "PASSWORD", password).Replace(config)
		file := filepath.Join(e.dir, "exim.conf")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if e.run(t, program, "-C", file, "-bdf", "-q1h") {
			return e
		}
	}
	t.Fatalf("exim does not start: %s", e.log.String())
	return nil
}

// write makes the files, for an owner who is not us.
func (e *exim) write(t *testing.T, owner *user.User) {
	t.Helper()
	cert, key, _, trust := certificate(t)
	e.trust = &tls.Config{RootCAs: trust}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	var errs []error
	for _, dir := range []string{"spool", "maildir"} {
		dir = filepath.Join(e.dir, dir)
		errs = append(errs, os.Mkdir(dir, 0o750), os.Chown(dir, uid, gid))
	}
	for name, data := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
		name = filepath.Join(e.dir, name)
		errs = append(errs, os.WriteFile(name, data, 0o600), os.Chown(name, uid, gid))
	}
	errs = append(errs, os.Chmod(e.dir, 0o755), os.Chmod(filepath.Dir(e.dir), 0o755))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// run starts the server, and waits until it answers or is gone.
func (e *exim) run(t *testing.T, program string, args ...string) bool {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &e.log, &e.log, 10*time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-gone
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			return false
		case <-t.Context().Done():
			return false
		case <-tick.C:
			c, err := (&net.Dialer{Timeout: time.Second}).Dial("tcp", fmt.Sprintf("127.0.0.1:%d", e.port))
			if err == nil {
				_ = c.Close()
				return true
			}
		}
	}
}

func (e *exim) sender(t *testing.T, change func(*smtp.Config)) *smtp.Sender {
	t.Helper()
	return sender(t, nil, func(c *smtp.Config) {
		c.Port, c.UseTLS, c.TLS, c.Username, c.Password = e.port, true, e.trust, "door", password
		if change != nil {
			change(c)
		}
	})
}

// mails waits for so many and reads them, by subject.
func (e *exim) mails(t *testing.T, n int) map[string]letter {
	t.Helper()
	var files []string
	waitFor(t, func() bool {
		files, _ = filepath.Glob(filepath.Join(e.dir, "maildir", "new", "*"))
		return len(files) >= n
	})
	out := map[string]letter{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		l := parse(t, f)
		_ = f.Close()
		out[l.subject] = l
	}
	if len(files) != n || len(out) != n {
		t.Errorf("%d mails, %d subjects, not %d", len(files), len(out), n)
	}
	return out
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().(*net.TCPAddr).Port
}

// TestExim sends through a real server and reads the mails from where it put them.
func TestExim(t *testing.T) {
	e := startExim(t)
	german, arabic := good(), good()
	german.From = `"Door, Inc." <no-reply@door.example>`
	german.Text += strings.Repeat("A line that is as long as lines in real mails are. ", 30) + "\n.\n..\nFrom here\n"
	arabic.To, arabic.Subject, arabic.Language = "jörg@bücher.example", "مرحبا بكم في البيت، هذا هو الرابط الذي طلبتموه", "ar"
	arabic.Text, arabic.HTML, arabic.ID = "مرحبا،\nهذا رابطك: https://door.example/\n", `<p dir="rtl">مرحبا</p>`, ""
	var wantIDs []string
	s := e.sender(t, nil)
	for _, m := range []mail.Message{german, arabic} {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatalf("%v\n%s", err, e.log.String())
		}
		wantIDs = append(wantIDs, m.ID)
	}
	got := e.mails(t, 2)
	for i, m := range []mail.Message{german, arabic} {
		l := got[m.Subject]
		if l.parts["text/plain"] != m.Text || l.parts["text/html"] != m.HTML {
			t.Errorf("%s: parts %q", m.Template, l.parts)
		}
		if id := l.header.Get("Message-ID"); wantIDs[i] != "" && id != "<"+wantIDs[i]+">" || !strings.HasSuffix(id, "@door.example>") {
			t.Errorf("Message-ID %s", id)
		}
		if l.header.Get("Content-Language") != m.Language || l.header.Get("Auto-Submitted") != "auto-generated" || l.header.Get("Bcc") != "" {
			t.Errorf("header %v", l.header)
		}
		if !strings.Contains(l.header.Get("Received"), "tls") || !strings.Contains(l.header.Get("Received"), "[127.0.0.1]") {
			t.Errorf("Received: %s", l.header.Get("Received"))
		}
		host, _ := os.Hostname()
		for _, key := range []string{"User-Agent", "X-Mailer"} {
			if l.header.Get(key) != "" {
				t.Errorf("%s: %s", key, l.header.Get(key))
			}
		}
		if strings.Contains(fmt.Sprint(l.header["Message-Id"]), host) {
			t.Errorf("the machine's name is in %v", l.header["Message-Id"])
		}
	}
	if l := got[german.Subject]; l.from.Name != "Door, Inc." || l.to != german.To {
		t.Errorf("from %v to %s", l.from, l.to)
	}
	if l := got[arabic.Subject]; l.to != "jörg@xn--bcher-kva.example" {
		t.Errorf("to %s", l.to)
	}
}

func TestEximRefuses(t *testing.T) {
	e := startExim(t)
	for name, tt := range map[string]struct {
		to     string
		change func(*smtp.Config)
		want   string
		say    string
	}{
		"wrong password": {"joe@door.example", func(c *smtp.Config) { c.Password = "wrong " + password }, "permanent", "sign in: 535"},
		"not encrypted":  {"joe@door.example", func(c *smtp.Config) { c.UseTLS = false }, "temporary", "AUTH"},
		"not signed in":  {"joe@door.example", func(c *smtp.Config) { c.Username, c.Password = "", "" }, "permanent", "sign in first"},
		"no mailbox":     {"nobody@door.example", nil, "permanent", "recipient: 550 no mailbox (recipient) here"},
		"later":          {"later@door.example", nil, "temporary", "recipient: 451 greylisted, (recipient)"},
		"not trusted":    {"joe@door.example", func(c *smtp.Config) { c.TLS = nil }, "temporary", "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			m := good()
			m.To = tt.to
			err := e.sender(t, tt.change).Send(t.Context(), m)
			if got := verdict(err); got != tt.want {
				t.Fatalf("%s: %v", got, err)
			}
			leaks(t, err.Error())
			if !strings.Contains(err.Error(), tt.say) {
				t.Errorf("no %q in %v", tt.say, err)
			}
		})
	}
	if files, _ := filepath.Glob(filepath.Join(e.dir, "maildir", "new", "*")); len(files) != 0 {
		t.Errorf("delivered: %v", files)
	}
}

// TestEximBehindQueue sends many at once, some of them at the second attempt, which
// only closing the queue brings about.
func TestEximBehindQueue(t *testing.T) {
	e := startExim(t)
	s := e.sender(t, nil)
	var tried sync.Map
	var firsts atomic.Int32
	flaky := senderFunc(func(ctx context.Context, m mail.Message) error {
		if _, again := tried.LoadOrStore(m.ID, true); !again {
			defer firsts.Add(1)
			if strings.HasPrefix(m.Subject, "again") {
				return errors.New("the line is cut")
			}
		}
		return s.Send(ctx, m)
	})
	q := mail.NewQueue(flaky, mail.QueueConfig{Log: slog.New(slog.DiscardHandler), Delays: []time.Duration{time.Hour}, MaxAge: 24 * time.Hour})
	const n = 20
	for i := range n {
		m := good()
		m.ID, m.Subject = "", fmt.Sprintf("mail %d", i)
		if i%4 == 0 {
			m.Subject = "again " + m.Subject
		}
		if err := q.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, func() bool { return firsts.Load() == n })
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	e.mails(t, n)
}

type senderFunc func(context.Context, mail.Message) error

func (f senderFunc) Send(ctx context.Context, m mail.Message) error { return f(ctx, m) }
