package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward/cmd/doorward/internal/secrets"
	"github.com/doorward/doorward/conf"
)

const totpSecrets = "SECURITY_TOTP_SECRETS"

// Missing are the secrets that nobody configured and somebody will ask for, by
// the names of their settings. An empty variable is none.
func (l *Loaded) Missing() []string {
	var out []string
	for _, name := range []string{"SECRET_KEY", "SECURITY_PASSWORD_SALT", totpSecrets} {
		if l.names[name] != "" && !l.given(name) {
			out = append(out, name)
		}
	}
	return out
}

// zeros are values for the missing secrets, to try a configuration with.
func (l *Loaded) zeros() map[string]any {
	zero := strings.Repeat("0", 64)
	out := map[string]any{}
	for _, name := range l.Missing() {
		out[name] = zero
		if name == totpSecrets {
			out[name] = map[string]any{"1": zero}
		}
	}
	return out
}

// Secrets completes the configuration with the secrets that were not
// configured, from their file, which is made if it does not exist. It reports
// whether it was.
func (l *Loaded) Secrets() (made bool, err error) {
	need := l.Missing()
	if len(need) == 0 {
		return false, nil
	}
	path := l.Config.Server.SecretsFile
	kept, made, err := secrets.Ensure(path)
	if err != nil {
		return false, &Invalid{[]error{&conf.Error{Name: "DOORWARD_SECRETS_FILE", Problem: err.Error()}}}
	}
	var problems []error
	for _, name := range need {
		if kept[name] == nil {
			problems = append(problems, &conf.Error{Name: name, Problem: "is not in " + path, Hint: "add it there, or configure it"})
		}
	}
	maps.DeleteFunc(kept, func(name string, _ any) bool { return !slices.Contains(need, name) })
	problems = append(problems, flatten(conf.Load(&l.Config, kept))...)
	if len(problems) > 0 {
		return false, &Invalid{problems}
	}
	return made, nil
}
