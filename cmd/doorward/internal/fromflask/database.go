package fromflask

import (
	"strings"

	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
)

const databaseURL = "DATABASE_URL"

// database writes SQLAlchemy's URL as ours, without the name of a driver.
func database(t *Translation, s pysettings.Setting) {
	uri, ok := s.Value.(string)
	if !ok {
		t.say(unread, s, wrongType)
		t.propose(databaseURL, "", "It was not understood.")
		return
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	kind, driver, _ := strings.Cut(scheme, "+")
	switch kind {
	case "sqlite":
		sqlite(t, s, rest)
		return
	case "postgres", "postgresql":
		kind = "postgres"
	case "mysql", "mariadb":
		kind = "mysql"
	default:
		t.say(nowhere, s, "doorward keeps accounts in SQLite, PostgreSQL, MySQL or MariaDB")
		t.propose(databaseURL, "", "The database of the Flask application is of a kind that doorward does not know.")
		return
	}
	form := "as " + kind + "://"
	if driver != "" {
		form += ", without the driver " + clip(driver)
	}
	t.as(s, databaseURL, kind+":"+rest, form)
}

func sqlite(t *Translation, s pysettings.Setting, rest string) {
	path, ok := strings.CutPrefix(rest, "///")
	path, _, _ = strings.Cut(path, "?")
	if !ok || path == "" || strings.Contains(path, ":memory:") {
		t.say(nowhere, s, "the database is in memory, which no other program can read")
		t.propose(databaseURL, "sqlite:doorward.db", "The database of the Flask application is in memory.")
		return
	}
	t.as(s, databaseURL, "sqlite:"+path, "as sqlite:PATH")
	if !strings.HasPrefix(path, "/") {
		t.put(databaseURL, "sqlite:"+path, "Below the directory that doorward is started in. Flask-SQLAlchemy 3 looks below the folder \"instance\" of the application: give the whole path.")
	}
}
