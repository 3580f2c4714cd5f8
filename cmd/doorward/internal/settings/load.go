package settings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/sms"
)

// Where a value came from.
const (
	fromServe = "serve"
	fromEnv   = "environment"
	fromFlag  = "flag"
)

// Loaded is the configuration and where each part of it came from.
type Loaded struct {
	Config Config

	names   map[string]string // every name a setting has, to its first
	secret  map[string]bool   // by first name
	vars    map[string]any    // what was given
	sources map[string]string // from where, by first name
}

// Invalid is a configuration that cannot be used: every problem of it.
type Invalid struct{ Problems []error }

// Error lists the problems, one a line.
func (e *Invalid) Error() string {
	var b strings.Builder
	b.WriteString("the configuration cannot be used:")
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.Error())
	}
	return b.String()
}

// Load reads the configuration. flags are setting names with what flags of the
// command line say. An error is an [*Invalid] with everything that is wrong.
func Load(environ []string, flags map[string]any) (*Loaded, error) {
	l, all, err := blank()
	if err != nil {
		return nil, &Invalid{flatten(err)}
	}
	env := l.environment(environ)
	file, fileErr := readFile(cmp.Or(text(flags["DOORWARD_CONFIG"]), text(env["DOORWARD_CONFIG"])))
	if !l.configures(file) && !l.configures(env) {
		l.put(standard(all), fromServe)
	}
	l.put(map[string]any{"SECURITY_SESSION_IDLE": "24 hours"}, fromServe)
	l.put(file, "file "+cmp.Or(text(flags["DOORWARD_CONFIG"]), text(env["DOORWARD_CONFIG"])))
	l.put(env, fromEnv)
	l.put(flags, fromFlag)

	problems := append(flatten(fileErr), l.fill(l.unheard(file))...)
	if len(problems) > 0 {
		return nil, &Invalid{problems}
	}
	return l, nil
}

// blank knows the settings there are, and no value of any.
func blank() (*Loaded, []conf.Setting, error) {
	l := &Loaded{names: map[string]string{}, secret: map[string]bool{}, vars: map[string]any{}, sources: map[string]string{}}
	all, err := conf.Settings(Config{})
	if err != nil {
		return nil, nil, err
	}
	for _, s := range all {
		l.secret[s.Name] = s.Secret
		for _, name := range append(s.Aliases, s.Name) {
			l.names[name] = s.Name
		}
	}
	return l, all, nil
}

// unheard are the names of a file that no setting has.
func (l *Loaded) unheard(file map[string]any) []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(file)), func(name string) bool { return l.names[name] != "" })
}

// environment picks the settings, and what looks like one, from KEY=value lines.
func (l *Loaded) environment(environ []string) map[string]any {
	out := map[string]any{}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		ours := l.names[name] != "" || slices.ContainsFunc(prefixes(), func(p string) bool {
			return strings.HasPrefix(strings.ToUpper(name), p)
		})
		if ok && ours {
			out[name] = value
		}
	}
	return out
}

// prefixes begin names that are never another program's.
func prefixes() []string {
	return []string{conf.Prefix, "DOORWARD_", "SESSION_COOKIE_", "REMEMBER_COOKIE_", "WTF_CSRF_"}
}

func readFile(path string) (map[string]any, error) {
	if path == "" {
		return nil, nil
	}
	vars := map[string]any{}
	if _, err := toml.DecodeFile(path, &vars); err != nil {
		return nil, &conf.Error{Name: "DOORWARD_CONFIG", Problem: err.Error(), Hint: "a TOML file with lines like SECURITY_LOGIN_URL = \"/in\""}
	}
	return vars, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// put lays vars over what was given so far.
func (l *Loaded) put(vars map[string]any, source string) {
	for name, value := range vars {
		first := cmp.Or(l.names[name], name)
		for other := range l.vars {
			if other != name && l.names[other] == first && l.sources[first] != source {
				delete(l.vars, other)
			}
		}
		l.vars[name], l.sources[first] = value, source
	}
}

// fill puts what was given into the configuration, and returns everything that
// is wrong with it. strict are unknown names that came from our own file.
func (l *Loaded) fill(strict []string) []error {
	loader := conf.Loader{Prefixes: append(prefixes(), strict...), Known: batteries.Foreign()}
	problems := append(flatten(loader.Load(&l.Config, l.vars)), flatten(batteries.LoadMessages(&l.Config.Config, l.vars))...)
	if len(problems) > 0 { // go on with the rest, for what is wrong with that
		rest := maps.Clone(l.vars)
		for _, p := range problems {
			if e, ok := errors.AsType[*conf.Error](p); ok {
				maps.DeleteFunc(rest, func(name string, _ any) bool {
					return name == e.Name || l.names[name] != "" && l.names[name] == l.names[e.Name]
				})
			}
		}
		problems = append(problems, flatten(loader.Load(&l.Config, rest))...)
		l.vars = rest
	}
	problems = append(problems, flatten(conf.Defaults(&l.Config.Server))...)
	problems = append(problems, l.Config.Server.check()...)
	problems = append(problems, l.proxies()...)
	problems = append(problems, l.catalogues()...)
	problems = append(problems, l.mails()...)
	problems = append(problems, l.codes()...)
	return append(problems, l.trial()...)
}

// proxies makes the server's setting the library's.
func (l *Loaded) proxies() []error {
	ours, theirs := l.Config.Server.TrustedProxies, &l.Config.Limits.TrustedProxies
	if len(ours) > 0 && len(*theirs) > 0 {
		return []error{&conf.Error{Name: "DOORWARD_TRUSTED_PROXIES", Problem: "is also given as SECURITY_TRUSTED_PROXIES", Hint: "give one of them"}}
	}
	if len(ours) > 0 {
		*theirs = ours
	}
	l.Config.Server.TrustedProxies = *theirs
	return nil
}

// Ignored returns the settings that were given and change nothing, with why.
func (l *Loaded) Ignored() map[string]string {
	out := batteries.Ignored()
	l.idle(out)
	maps.DeleteFunc(out, func(name, _ string) bool { return !l.given(name) })
	return out
}

// given reports whether somebody said something about a setting, by whichever of
// its names.
func (l *Loaded) given(name string) bool {
	for other, v := range l.vars {
		if v != "" && (other == name || l.names[other] != "" && l.names[other] == l.names[name]) {
			return true
		}
	}
	return false
}

// trial finds out what the features say of their settings, before anything is
// made or opened.
func (l *Loaded) trial() []error {
	app, err := App(l.Trial(), doorward.StoresFrom(memstore.New[database.User]()))
	if err != nil {
		return once(flatten(errors.Unwrap(err)))
	}
	known := app.Texts()
	for _, name := range slices.Sorted(maps.Keys(l.vars)) {
		if key, ok := strings.CutPrefix(name, batteries.Messages); ok && known[key] == (doorward.Text{}) {
			return []error{&conf.Error{Name: name, Problem: "there is no such text", Hint: "see the messages in the documentation, and that its feature is on"}}
		}
	}
	if err := app.Close(context.Background()); err != nil {
		return []error{err}
	}
	return nil
}

// Trial returns the configuration with zeros for the secrets that are made when
// the database is opened, and without a word to the log.
func (l *Loaded) Trial() batteries.Config {
	cfg := l.Config
	_ = conf.Load(&cfg, l.zeros()) // zeros fit, by their type
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Mail.Sender = &mail.Outbox{}
	cfg.Codes.SMS = l.Unsent()
	if cfg.SMS.Service == "Twilio" { // what is wrong with that is said already
		cfg.Codes.SMS = &sms.Outbox{}
	}
	if cfg.SMTP.Server == "" { // then there will be one when it is known where the server listens
		cfg.URLs.Origin = "http://localhost"
	}
	return cfg.Config
}

// App makes the application of cfg on stores.
func App(cfg batteries.Config, stores doorward.Stores) (*batteries.App, error) {
	cfg.Stores = stores
	app, err := batteries.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return app, nil
}

// flatten returns the single errors of a joined one.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range many.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	if one := errors.Unwrap(err); one != nil && strings.Contains(err.Error(), "\n") {
		return flatten(one)
	}
	return []error{err}
}

// once makes one error of those that several features have in common.
func once(errs []error) (out []error) {
	type text struct{ problem, hint string }
	at := map[text]int{}
	for _, err := range errs {
		e, ok := err.(*doorward.ConfigError)
		if !ok {
			out = append(out, err)
			continue
		}
		key := text{e.Problem, e.Hint}
		if i, seen := at[key]; seen {
			out[i] = &doorward.ConfigError{Problem: e.Problem, Hint: e.Hint}
			continue
		}
		at[key] = len(out)
		out = append(out, err)
	}
	return out
}
