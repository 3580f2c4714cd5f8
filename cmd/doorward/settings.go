package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/conf"
)

func (p *program) settings() *cobra.Command {
	var markdown bool
	var flask fromFlask
	cmd := command("settings [TEXT]", "List every setting, its value and where that comes from", -1, func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 1:
			return usage(cmd, "give one text to look for, or none")
		case markdown && len(args) > 0:
			return usage(cmd, "--markdown writes all settings")
		case markdown:
			return writeManual(p.stdout)
		case flask.file != "" && (len(args) > 0 || p.flags.config != ""):
			return usage(cmd, "--from-flask takes a file, and nothing else is read")
		case flask.file != "":
			return p.settingsFromFlask(flask)
		case flask.class != "" || flask.strict:
			return usage(cmd, "--class and --strict go with --from-flask")
		}
		l, err := p.load()
		if err != nil {
			return err
		}
		return p.listSettings(l, strings.Join(args, ""))
	})
	cmd.Long = `List every setting with its value, its default, and where the value comes from.
Secrets are not shown. With TEXT, only the settings with TEXT in their name are
listed, with whole values and with what they do.

A setting is given in the environment, or in a TOML file (--config) as a line
NAME = value. The environment goes before the file.

With --from-flask, the settings of a Flask application with Flask-Security are
read from a Python file of plain assignments, without running it: of the module,
of a class, of app.config. The same configuration for doorward goes to standard
output, secrets included, and to standard error what became of each setting:
what is safer here, what has no equivalent, what was not understood.`
	cmd.Example = lines("doorward settings", "doorward settings cookie", "doorward settings --config doorward.toml",
		"doorward settings --from-flask config.py > doorward.toml",
		"doorward settings --from-flask config.py --class Production > doorward.toml")
	flask.add(cmd)
	cmd.Flags().BoolVar(&markdown, "markdown", false, "write the page of the documentation instead")
	return cmd
}

func (p *program) listSettings(l *settings.Loaded, text string) error {
	rows, err := l.Rows()
	if err != nil {
		return err
	}
	header := []string{"NAME", "VALUE", "DEFAULT", "FROM"}
	if text != "" {
		header = append(header, "WHAT IT DOES")
	}
	out, notes, ignored := [][]string{header}, []string{}, l.Ignored()
	for _, r := range rows {
		if !strings.Contains(r.Name, strings.ToUpper(text)) {
			continue
		}
		if why := ignored[r.Name]; why != "" {
			notes = append(notes, "Notice: "+r.Name+" changes nothing: "+why+".")
		}
		row := []string{r.Name, r.Value, r.Default, r.Source}
		if text != "" {
			row = append(row, r.Help)
		} else {
			row[1], row[2] = clip(r.Value), clip(r.Default)
		}
		out = append(out, row)
	}
	if len(out) == 1 {
		return &usageError{"no setting has " + quote(text) + " in its name", "All of them: doorward settings"}
	}
	writeTable(p.stdout, out)
	for _, note := range notes {
		fmt.Fprintln(p.stderr, note)
	}
	return nil
}

// valueShown is how much of a value fits into the list of all settings.
const valueShown = 32

func clip(value string) string {
	if runes := []rune(value); len(runes) > valueShown {
		return string(runes[:valueShown-3]) + "..."
	}
	return value
}

// writeManual writes docs/settings.md.
func writeManual(w io.Writer) error {
	all, err := settings.All()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, `# Settings

This page is written by `+"`make docs`"+` from the code.

`+"`doorward serve`"+` and the other commands read settings from the environment and from a TOML file (`+"`--config`"+` or
`+"`DOORWARD_CONFIG`"+`); the environment goes before the file. An application that uses the library gives the names below to
`+"`batteries.Load`"+`, or fills the fields of `+"`batteries.Config`"+`; names that begin with DOORWARD_, and DATABASE_URL,
are the server's alone. `+"`doorward settings`"+` shows what is in force and where it comes from.

In a file, a setting is a line `+"`NAME = value`"+`, and a map is a table:

`+"```toml"+`
SECURITY_LOGIN_URL = "/sign-in"
SECURITY_PASSWORD_LENGTH_MIN = 15

[SECURITY_CSRF_COOKIE]
samesite = "Lax"
`+"```"+`

In the environment, lists are written `+"`a, b`"+`, maps `+"`a=b, c=d`"+`, durations `+"`30 minutes`"+` or `+"`1h30m`"+`, and yes/no as `+"`true`"+` or `+"`false`"+`.
The column Needs names the setting that must be on for another to matter.

The server differs from the library in this: SECURITY_SESSION_IDLE is 24 hours; where no SECURITY_ setting is given,
every feature is on that neither takes the place of signing in with a password nor stands in its way, and phone numbers
that are set up for codes name accounts, too; SECURITY_TOTP_ISSUER is SECURITY_SITE_NAME, else the host of SERVER_NAME, else
Doorward; without MAIL_SERVER and SECURITY_SMS_SERVICE, mails and text messages are shown at /dev/mail; and
SECRET_KEY, SECURITY_PASSWORD_SALT and SECURITY_TOTP_SECRETS are made once, if they are not given, and kept in
DOORWARD_SECRETS_FILE.

`)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return conf.Markdown(w, all)
}
