package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/internal/testdb"
)

// guide follows docs/from-flask.md from top to bottom: it writes the files that
// the guide shows, runs the commands behind each "$", and compares what they
// print. A line "..." stands for any number of lines.
type guide struct {
	t       *testing.T
	dir     string
	environ []string
	moved   []string // files of examples/flask/moved that are in place
	proxy   *proxied // as nginx was reloaded last
	cookie  string   // of a session that Flask began
	ran     int
}

func TestGuideFromFlask(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		testdb.Missing(t, "curl is not installed; this test runs the commands of docs/from-flask.md")
	}
	nginx(t)
	g := &guide{t: t, dir: t.TempDir()}
	g.environ = []string{"SECRET_KEY=" + flaskKey, "SECURITY_PASSWORD_SALT=salt", "MAIL_SERVER=127.0.0.1:1"}
	g.database()
	for _, block := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```").FindAllStringSubmatch(readFile(t, "../../docs/from-flask.md"), -1) {
		switch block[1] {
		case "python":
			g.write("settings.py", block[2])
		case "toml":
			g.write("doorward.toml", readFile(t, filepath.Join(g.dir, "doorward.toml"))+block[2])
		case "console":
			g.console(block[2])
		case "go": // in an example of package batteries
		default:
			t.Errorf("nobody looks at this block of %s", block[1])
		}
	}
	if g.ran < 15 {
		t.Errorf("%d commands", g.ran)
	}
}

// TestGuideSettings: what the guide names is a setting.
func TestGuideSettings(t *testing.T) {
	all, err := settings.All()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range all {
		known[s.Name] = true
	}
	for _, name := range regexp.MustCompile(`\b(?:SECURITY|SESSION|PERMANENT|REMEMBER|WTF|DOORWARD)_[A-Z_]+\b`).FindAllString(readFile(t, "../../docs/from-flask.md"), -1) {
		if !known[name] {
			t.Errorf("%s is no setting", name)
		}
	}
}

func (g *guide) write(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// database makes what Flask works with, with a user and the cookie that Flask
// would give him.
func (g *guide) database() {
	g.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(g.dir, "app.db"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, text := range []string{readFile(g.t, "../../sqlstore/testdata/fsqla_v3.sqlite.sql"), `DELETE FROM roles_users`, `DELETE FROM "user"`,
		`INSERT INTO "user" (email, active, fs_uniquifier, update_datetime) VALUES ('joe@example.com', 1, 'joes', '2026-01-02 03:04:05.000000')`} {
		if _, err := db.ExecContext(g.t.Context(), text); err != nil {
			g.t.Fatal(err)
		}
	}
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(flaskKey)})
	if err != nil {
		g.t.Fatal(err)
	}
	now := time.Now()
	browser := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	mark := set.Session.Marks(browser, netip.MustParseAddr("127.0.0.1"))[0]
	if g.cookie, err = set.Session.Seal(codec.Cookie{User: "joes", Fresh: true, AuthnAt: now, Mark: mark}, now); err != nil {
		g.t.Fatal(err)
	}
}

func (g *guide) console(text string) {
	g.t.Helper()
	for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		g.ran++
		have := g.run(command)
		if !like(strings.TrimSpace(have), strings.TrimSpace(want)) {
			g.t.Errorf("$ %s\n%s\n--- the guide says\n%s", command, have, want)
		}
	}
}

// run runs a command of the guide and returns what a reader would see.
func (g *guide) run(command string) string {
	g.t.Helper()
	switch words := strings.Fields(command); words[0] {
	case "doorward":
		if words[1] == "serve" {
			g.reload()
			return ""
		}
		return g.doorward(words[1:])
	case "cp":
		for _, from := range words[1 : len(words)-1] {
			readFile(g.t, filepath.Join("../..", from))
			g.moved = append(g.moved, filepath.Base(from))
		}
		return ""
	case "nginx":
		g.reload()
		return ""
	case "curl":
		return g.curl(command)
	}
	g.t.Errorf("nobody runs %q", command)
	return ""
}

func (g *guide) doorward(args []string) string {
	g.t.Helper()
	var out, errs bytes.Buffer
	to := ""
	if n := len(args) - 2; n > 0 && args[n] == ">" {
		args, to = args[:n], args[n+1]
	}
	cmd := exec.CommandContext(g.t.Context(), "doorward", args...) // this program: see TestMain
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.dir, append(g.environ, "PATH="+os.Getenv("PATH")), &out, &errs
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("%v: %v %s", args, err, errs.String())
	}
	if to == "" {
		return out.String()
	}
	g.write(to, out.String())
	return errs.String()
}

// reload starts nginx with what is in place, and a doorward behind it.
func (g *guide) reload() {
	g.t.Helper()
	files := []string{}
	for _, name := range g.moved {
		if strings.HasSuffix(name, ".conf") {
			files = append(files, name)
		}
	}
	g.proxy = movedWith(g.t, append(g.environ, "DATABASE_URL=sqlite:"+filepath.Join(g.dir, "app.db"),
		"DOORWARD_CONFIG="+filepath.Join(g.dir, "doorward.toml")), files...)
}

// curl runs the command as it stands, with other ports behind its addresses.
func (g *guide) curl(command string) string {
	g.t.Helper()
	command = strings.ReplaceAll(command, "http://127.0.0.1:8080", g.proxy.door.url)
	command = strings.Replace(command, "curl ", fmt.Sprintf("curl --cacert %s --connect-to app.example.org:443:%s ", filepath.Join(g.proxy.dir, "tls.crt"), g.proxy.tls), 1)
	cmd := exec.CommandContext(g.t.Context(), "sh", "-c", command)
	cmd.Env = append(os.Environ(), "COOKIE="+g.cookie)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return string(out)
}

// like compares texts line by line.
func like(have, want string) bool {
	var re strings.Builder
	for line := range strings.Lines(want + "\n") {
		if line == "...\n" {
			re.WriteString(`(?:[^\n]*\n)*`)
		} else {
			re.WriteString(regexp.QuoteMeta(line))
		}
	}
	return regexp.MustCompile(`^` + re.String() + `$`).MatchString(have + "\n")
}
