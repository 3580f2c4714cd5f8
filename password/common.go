package password

import (
	_ "embed"
	"strings"
)

//go:generate go run common_gen.go

//go:embed common.txt
var commonText string

// commonPasswords returns the list as a set.
func commonPasswords() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if word := strings.TrimSpace(line); !strings.HasPrefix(word, "#") {
			set[word] = true
		}
	}
	return set
}
