package doorward

import (
	"cmp"
	"fmt"
)

func (e *engine) addTexts(feature string, texts map[string]Text) error {
	for key, t := range texts {
		if own, ok := e.cfg.Pages.Messages[key]; ok {
			own.Category = cmp.Or(own.Category, t.Category)
			t = own
		}
		if have, ok := e.texts[key]; ok && e.textOwner[key] != feature {
			if have == t {
				continue
			}
			return &ConfigError{feature, fmt.Sprintf("text %s is %s's already, with other words", key, e.textOwner[key]), ""}
		}
		e.texts[key], e.textOwner[key] = t, feature
	}
	return nil
}

func (e *engine) category(m Message) string {
	if c := e.texts[m.Key].Category; c != "" {
		return c
	}
	return "info"
}
