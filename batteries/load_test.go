package batteries_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
)

func TestLoadMessages(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  doorward.Text
		bad   bool
	}{
		"words":               {"Wrong.", doorward.Text{Text: "Wrong."}, false},
		"words and category":  {[]any{"Wrong.", "info"}, doorward.Text{Text: "Wrong.", Category: "info"}, false},
		"no words":            {"", doorward.Text{}, true},
		"number":              {7, doorward.Text{}, true},
		"one of two":          {[]any{"Wrong."}, doorward.Text{}, true},
		"unknown category":    {[]any{"Wrong.", "red"}, doorward.Text{}, true},
		"category is no text": {[]any{"Wrong.", 7}, doorward.Text{}, true},
	} {
		var cfg batteries.Config
		err := batteries.Load(&cfg, map[string]any{"SECURITY_MSG_INVALID_PASSWORD": c.value})
		if c.bad != (err != nil) || cfg.Pages.Messages["INVALID_PASSWORD"] != c.want {
			t.Errorf("%s: %+v, %v", name, cfg.Pages.Messages, err)
		}
		if err != nil && !strings.Contains(err.Error(), "SECURITY_MSG_INVALID_PASSWORD") {
			t.Errorf("%s: %v does not name the setting", name, err)
		}
	}
}

// TestLoadIgnored: what only the original knows does not keep a moved
// installation from starting; what nobody knows does.
func TestLoadIgnored(t *testing.T) {
	var cfg batteries.Config
	vars := map[string]any{}
	for name, why := range batteries.Ignored() {
		vars[name] = "x"
		if why == "" {
			t.Errorf("%s: why not?", name)
		}
	}
	if err := batteries.Load(&cfg, vars); err != nil {
		t.Error(err)
	}
	if err := batteries.Load(&cfg, map[string]any{"SECURITY_PEPPER": "x"}); err == nil {
		t.Error("an unknown setting is accepted")
	}
}
