package interop_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
)

const (
	interpreter = "DOORWARD_INTEROP_PYTHON"

	// patience bounds everything that is waited for.
	patience = 30 * time.Second
)

// python returns the interpreter that has the original.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv(interpreter)
	if path == "" {
		t.Skip(interpreter + " names no interpreter with Flask-Security; scripts/interop makes one")
	}
	return path
}

// startFlask starts the application with the original on an SQLite database,
// and returns when its tables are made and it answers.
func startFlask(t *testing.T, db *testdb.Database, set keySet) *side {
	t.Helper()
	text, err := json.Marshal(original(strings.TrimPrefix(db.URL, "sqlite:"), set.keys))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(python(t), "app.py", config)
	cmd.Stderr = &said
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hold.Close() // at which it ends
		end(t, cmd)
		if t.Failed() && said.Len() > 0 {
			t.Logf("what the original says:\n%s", &said)
		}
	})
	port := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		port <- strings.TrimSpace(line)
	}()
	s := &side{name: "flask"}
	select {
	case p := <-port:
		if p == "" {
			end(t, cmd)
			t.Fatalf("the original does not start:\n%s", &said)
		}
		s.url = "http://127.0.0.1:" + p
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatal("the original has not started in time")
	}
	s.sent = func(t *testing.T) (all []message) {
		newVisitor(t, s).get("/test/sent").want(http.StatusOK).into(&all)
		return all
	}
	return s
}

// end waits for the process, which is about to end.
func end(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Logf("the original ended: %v", err)
	}
}
