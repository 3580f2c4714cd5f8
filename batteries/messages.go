package batteries

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
)

// Messages begins the settings that replace texts: SECURITY_MSG_LOGIN.
const Messages = conf.Prefix + "MSG_"

// LoadMessages puts the texts of SECURITY_MSG_* settings into cfg: the words, or
// a list of the words and the category.
func LoadMessages(cfg *Config, vars map[string]any) error {
	var errs []error
	texts := maps.Clone(cfg.Pages.Messages)
	if texts == nil {
		texts = map[string]doorward.Text{}
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		key, ours := strings.CutPrefix(name, Messages)
		if !ours {
			continue
		}
		t, ok := message(vars[name])
		if !ok {
			errs = append(errs, &conf.Error{Name: name, Problem: "is no text", Hint: `write the words, or in a file ["the words", "error"] (error, info or success)`})
			continue
		}
		texts[key] = t
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	cfg.Pages.Messages = texts
	return nil
}

func message(v any) (doorward.Text, bool) {
	switch x := v.(type) {
	case string:
		return doorward.Text{Text: x}, x != ""
	case []any:
		if len(x) != 2 {
			return doorward.Text{}, false
		}
		words, ok := x[0].(string)
		category, isText := x[1].(string)
		return doorward.Text{Category: category, Text: words}, ok && isText && words != "" && slices.Contains([]string{"error", "info", "success"}, category)
	}
	return doorward.Text{}, false
}
