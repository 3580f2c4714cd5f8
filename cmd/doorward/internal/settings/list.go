package settings

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/doorward/doorward/conf"
)

// Row is a setting as it is in force.
type Row struct {
	conf.Setting
	Source string // "default", "environment", "flag", "file ...", "serve", "secrets file ..."
}

// Rows lists every setting with its value and where that came from. Secrets
// have no value.
func (l *Loaded) Rows() ([]Row, error) {
	all, err := conf.Settings(&l.Config)
	if err != nil {
		return nil, fmt.Errorf("list settings: %w", err)
	}
	rows := make([]Row, len(all))
	for i, s := range all {
		rows[i] = Row{s, cmp.Or(l.sources[s.Name], "default")}
		if slices.Contains(l.Missing(), s.Name) {
			rows[i].Value, rows[i].Source = "(set)", "secrets file "+l.Config.Server.SecretsFile
		}
	}
	return rows, nil
}

// All lists the settings there are, without values, for the documentation.
func All() ([]conf.Setting, error) {
	all, err := conf.Settings(Config{})
	if err != nil {
		return nil, fmt.Errorf("list settings: %w", err)
	}
	return all, nil
}
