package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// startFlask starts the applications with the original on a database, one for
// each variant, and returns when the tables are made and they answer. models is
// the version of the models.
func startFlask(t *testing.T, db *testdb.Database, models int, variants ...string) map[string]*side {
	t.Helper()
	var apps []map[string]any
	for _, v := range variants {
		apps = append(apps, original(db, v))
	}
	text, err := json.Marshal(map[string]any{"models": models, "apps": apps})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python(t), "-W", "ignore", "app.py", config)
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var ready struct {
		Ports    []int
		Versions string
	}
	line := launch(t, "flask", cmd, hold.Close)
	if err := json.Unmarshal([]byte(line), &ready); err != nil || len(ready.Ports) != len(variants) {
		t.Fatalf("the original says %q: %v", line, err)
	}
	t.Attr("runs", ready.Versions)
	sides := map[string]*side{}
	for i, v := range variants {
		sides[v] = newFlask(fmt.Sprintf("http://127.0.0.1:%d", ready.Ports[i]), csrfField(v))
	}
	return sides
}

func newFlask(url, csrf string) *side {
	s := &side{name: "flask", url: url, me: "/test/me", csrf: csrf}
	s.sent = func(t *testing.T) (all []message) {
		newVisitor(t, s).get("/test/sent").want(http.StatusOK).into(&all)
		return all
	}
	s.staff = flaskStaff{s}
	s.guards = func(role, permission string) []string { return []string{"/test/role", "/test/permission"} }
	return s
}

// flaskStaff does it by the pages that the application has for the tests.
type flaskStaff struct{ at *side }

func (s flaskStaff) deactivate(t *testing.T, email string) {
	t.Helper()
	s.post(t, "/test/deactivate", fields{"email": email})
}

func (s flaskStaff) grant(t *testing.T, email, role string, permissions ...string) {
	t.Helper()
	s.post(t, "/test/grant", fields{"email": email, "role": role, "permissions": permissions})
}

func (s flaskStaff) revoke(t *testing.T, email, role string) {
	t.Helper()
	s.post(t, "/test/revoke", fields{"email": email, "role": role})
}

func (s flaskStaff) post(t *testing.T, path string, body fields) {
	t.Helper()
	newVisitor(t, s.at).send(path, body).want(http.StatusOK)
}
