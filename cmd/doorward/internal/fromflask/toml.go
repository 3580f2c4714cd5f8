package fromflask

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TOML is the configuration as a file for --config. With hide, a comment stands
// in place of each secret.
func (t *Translation) TOML(hide bool) string {
	var b strings.Builder
	b.WriteString("# doorward settings, made from " + oneLine(t.from) + "\n")
	for _, e := range t.entries {
		if !e.off {
			t.line(&b, e, hide)
		}
	}
	first := true
	for _, e := range t.entries {
		if !e.off {
			continue
		}
		if first {
			b.WriteString("\n# What follows is not in force. Uncomment a line, and complete it, for what it says.\n")
			first = false
		}
		t.line(&b, e, hide)
	}
	return b.String()
}

func (t *Translation) line(b *strings.Builder, e entry, hide bool) {
	if e.comment != "" {
		b.WriteString("\n")
		for text := range strings.SplitSeq(e.comment, "\n") {
			indented(b, "#", oneLine(text), 100)
		}
	}
	switch {
	case hide && t.secret(e) && e.value != "":
		b.WriteString("# " + e.name + ": not shown on a terminal; redirect to a file\n")
		return
	case e.off:
		b.WriteString("# ")
	}
	fmt.Fprintf(b, "%s = %s\n", key(e.name), value(e.value))
}

// secret reports whether a line holds what nobody may see.
func (t *Translation) secret(e entry) bool {
	text, _ := e.value.(string)
	return t.known[e.name].Secret || strings.HasSuffix(e.name, "_SALT") || e.name == databaseURL && strings.Contains(text, "@")
}

func key(name string) string {
	for _, r := range name {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return quoted(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

func value(v any) string {
	switch v := v.(type) {
	case string:
		return quoted(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = value(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, key(name)+" = "+value(v[name]))
		}
		return "{ " + strings.Join(pairs, ", ") + " }"
	}
	return `""`
}

// quoted writes a basic string of TOML.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f || !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// oneLine is text for a comment or a report: what a terminal would act on is
// written as an escape.
func oneLine(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			q := strconv.Quote(s)
			return q[1 : len(q)-1]
		}
	}
	return s
}

// clip is a word of the file for people: not too much of it.
func clip(s string) string {
	if s = oneLine(s); utf8.RuneCountInString(s) > 60 {
		return string([]rune(s)[:57]) + "..."
	}
	return s
}
