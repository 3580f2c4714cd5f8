package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// Whose second factor is a passkey at another application is let in by the password
// here: whoever starts the server is told.
func TestServeWarnsOfPasskeys(t *testing.T) {
	const warning = `msg="1 user with a passkey as second factor"`
	dir := t.TempDir()
	l := start(t, dir)
	l.stop()
	if strings.Contains(l.log.String(), "passkey") {
		t.Errorf("of none:\n%s", l.log)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "doorward.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO user (id, email, active, fs_uniquifier) VALUES (1, 'joe@example.com', 1, 'u')`,
		`INSERT INTO web_authn (credential_id, public_key, backup_state, device_type, lastuse_datetime, name, usage, user_id) VALUES (x'00', x'00', 0, 'x', 'x', 'x', 'secondary', 1)`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	l = start(t, dir)
	l.stop()
	if !strings.Contains(l.log.String(), warning) || !strings.Contains(l.log.String(), "their password alone") {
		t.Errorf("the log says\n%s", l.log)
	}
}
