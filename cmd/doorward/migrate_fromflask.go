package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/sqlstore"
)

// runFromFlask looks at the database of a Flask application, and adds to it if
// apply says so. What it adds is what "doorward migrate" adds.
func (p *program) runFromFlask(ctx context.Context, apply bool) error {
	l, err := p.load()
	if err != nil {
		return err
	}
	r, err := inspect(ctx, l)
	if err != nil {
		return err
	}
	where := l.Config.Server.Database.String()
	w := &flaskReport{Report: r, program: p, loaded: l}
	w.found(where)
	if users := r.Tables[0]; !r.Found() && len(users.Like) == 0 {
		err := &usageError{"there are no tables of Flask-Security in " + where,
			"Name the right database with --database, or its table of users with DOORWARD_USER_TABLE."}
		if !users.Other {
			err.hint += "\nTo begin with an empty one, run: doorward migrate"
		}
		return err
	}
	w.missing()
	w.obstacles()
	w.warnings()
	w.plan()
	switch {
	case !r.Fits() && apply:
		return errors.New("the database does not fit yet, and nothing was changed")
	case !r.Fits():
		w.section("Next")
		w.line("Put right what is listed above, and look again with: doorward migrate --from-flask")
	case len(r.Plan) == 0:
		w.next("There is nothing to add.")
	case !apply:
		w.section("Next")
		w.line("Nothing was changed. Make a backup of the database, then run: doorward migrate --from-flask --apply")
	default:
		return p.addTo(ctx, l, w)
	}
	return nil
}

// inspect looks at the database without changing anything.
func inspect(ctx context.Context, l *settings.Loaded) (*sqlstore.Report, error) {
	h, err := connectTo(ctx, l, database.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	r, err := h.Inspect(ctx)
	return r, errors.Join(err, h.Close())
}

func (p *program) addTo(ctx context.Context, l *settings.Loaded, w *flaskReport) error {
	h, err := connect(ctx, l, false)
	if err != nil {
		return err
	}
	_, err = h.Migrate(ctx)
	if err = errors.Join(err, h.Close()); err != nil {
		left := "Nothing was changed."
		if w.Dialect == sqlstore.MySQL {
			left = "MySQL cannot take back a part of it: what was added before stays, and does no harm. Run the command again to go on."
		}
		return fmt.Errorf("%w\n%s", err, left)
	}
	w.next("All of that was added.")
	return nil
}

// flaskReport writes what was found for somebody who does not know Doorward yet.
type flaskReport struct {
	*sqlstore.Report
	program *program
	loaded  *settings.Loaded
}

func (w *flaskReport) line(format string, args ...any) {
	fmt.Fprintf(w.program.stdout, "  "+format+"\n", args...)
}

func (w *flaskReport) section(title string) { fmt.Fprintln(w.program.stdout, "\n"+title) }

func (w *flaskReport) found(where string) {
	fmt.Fprintln(w.program.stdout, "Found in "+where)
	model := "tables of a model of the application's own"
	switch users := w.Tables[0]; {
	case users.Other:
		model = printable(users.Name) + " is no table of users of Flask-Security: it has neither email nor password nor fs_uniquifier"
	case !w.Found():
		model = "no table of users by the name of " + printable(users.Name)
	case w.Model != "" && w.Migrated:
		model = "tables like those of Flask-Security's model " + w.Model + ", counting what doorward has added"
	case w.Model != "":
		model = "tables like those of Flask-Security's model " + w.Model
	}
	w.line("%s", model)
	rows := make([][]string, 0, len(w.Tables))
	for _, t := range w.Tables {
		rows = append(rows, []string{"  " + t.Name, w.state(t)})
	}
	writeTable(w.program.stdout, rows)
}

func (w *flaskReport) state(t sqlstore.Table) string {
	kind := map[string]string{"Users": "users", "Roles": "roles", "RolesUsers": "who has which role", "Passkeys": "passkeys", "Refresh": "refresh tokens"}[t.Part]
	switch {
	case t.Other:
		return "something else"
	case !t.Found:
		return "not there (" + kind + ")"
	case t.Part == "Users":
		return fmt.Sprintf("users: %d", w.Users)
	case t.Part == "Roles" && w.Found(): // else they were not counted
		return fmt.Sprintf("roles: %d", w.Roles)
	}
	return kind
}

func (w *flaskReport) missing() {
	if len(w.Missing) == 0 {
		return
	}
	w.section("Missing")
	rows := make([][]string, 0, len(w.Missing))
	for _, m := range w.Missing {
		rows = append(rows, []string{"  " + m.Feature, strings.Join(m.Names, ", ")})
	}
	writeTable(w.program.stdout, rows)
}

// obstacles are what has to be put right before anything can be added.
func (w *flaskReport) obstacles() {
	if w.Fits() {
		return
	}
	w.section("In the way")
	for _, t := range w.Tables {
		if len(t.Like) == 0 {
			continue
		}
		w.line("%s could be what is meant by %s", printable(strings.Join(t.Like, " or ")), t.Name)
		w.line("  If it is, set %s=%s", settings.TableSetting(t.Part), printable(t.Like[0]))
	}
	w.findings(w.Misfits)
}

func (w *flaskReport) warnings() {
	if len(w.Warnings) > 0 {
		w.section("Will not work as things are")
		w.findings(w.Warnings)
	}
}

func (w *flaskReport) findings(list []sqlstore.Finding) {
	for _, f := range list {
		w.line("%s", printable(f.Problem))
		w.line("  %s", printable(f.Hint))
	}
}

// plan lists what is added; what is only noted as done is of no interest.
func (w *flaskReport) plan() {
	if !w.Fits() || len(w.Plan) == 0 {
		return
	}
	w.section("To be added")
	var rows [][]string
	for _, step := range w.Plan {
		for _, add := range step.Adds {
			rows = append(rows, []string{"  " + add, step.For})
		}
	}
	writeTable(w.program.stdout, rows)
	w.line("Columns are added empty, and no row is changed. The Flask application can go on running; it may wait for a moment while indexes are made.")
	switch w.Dialect {
	case sqlstore.SQLite:
		w.line("All of it is added, or nothing. From then on the file is kept with a write-ahead log (-wal and -shm beside it).")
	case sqlstore.Postgres:
		w.line("All of it is added, or nothing.")
	case sqlstore.MySQL:
		w.line("MySQL cannot take back a part of it: if it is interrupted, run it again.")
	}
}

// next says what is left to do before the server can run on the database.
func (w *flaskReport) next(done string) {
	w.section(done)
	w.section("Next")
	var secrets []string
	without := "without which nothing that it signed is valid here"
	for _, name := range []string{"SECRET_KEY", "SECURITY_PASSWORD_SALT"} {
		if slices.Contains(w.loaded.Missing(), name) {
			secrets = append(secrets, name)
		}
	}
	if slices.Contains(secrets, "SECURITY_PASSWORD_SALT") {
		without = "without which no password fits"
	}
	run := "Run: doorward serve"
	if len(secrets) > 0 {
		w.line("Give this server the %s of the Flask application, %s:", strings.Join(secrets, " and "), without)
		w.line("  doorward settings --from-flask settings.py")
		run = "Then run: doorward serve"
	}
	if flask := w.loaded.Config.Flask; flask == nil || flask.StoredOnly {
		run = "To share its sign-ins too, set SECURITY_FLASK_COMPAT=true. Then run: doorward serve"
	}
	w.line("%s", run)
}
