package pysettings

import (
	"slices"
	"strings"
)

// Secretive reports whether a name is one under which secrets are kept.
func Secretive(name string) bool {
	upper := strings.ToUpper(name)
	if strings.HasPrefix(upper, "SECURITY_") && strings.HasSuffix(upper, "_URL") {
		return false // the path of a page
	}
	return slices.ContainsFunc([]string{
		"SECRET", "KEY", "PASS", "PWD", "SALT", "TOKEN", "CREDENTIAL", "AUTH", "URI", "URL", "DSN", "PRIVATE", "CERT", "SID",
	}, func(part string) bool { return strings.Contains(upper, part) })
}

// textShown is how much of a statement is shown.
const textShown = 60

// masked returns a statement with its strings and long numbers left out, or
// nothing if it is about a secret: even a bare word of it may be one then.
func masked(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		if t.kind != op && Secretive(t.text) {
			return ""
		}
	}
	for i, t := range tokens {
		switch {
		case t.kind == text:
			t.text = `"..."`
		case t.kind == number && len(t.text) > 6, t.kind == name && len(t.text) > 40:
			t.text = "..."
		}
		if i > 0 && (t.kind != op || !strings.Contains("()[]{},.:", t.text)) && !tokens[i-1].is("(") && !tokens[i-1].is(".") && !tokens[i-1].is("[") {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
		if b.Len() > textShown {
			break
		}
	}
	if r := []rune(b.String()); len(r) > textShown {
		return string(r[:textShown-3]) + "..."
	}
	return b.String()
}

// target is the setting that a damaged statement seems to set.
func target(tokens []token) string {
	for i := range tokens {
		if tokens[i].is("=") {
			if word, _, ok := place(tokens[:i]); ok && isSetting(word) {
				return word
			}
			return ""
		}
	}
	return ""
}
