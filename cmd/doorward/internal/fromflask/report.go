package fromflask

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	width = 80
	shown = 100 // notes of one group
)

// Report tells what became of each setting, without values that are secrets.
func (t *Translation) Report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Read %s: %d settings.\n", oneLine(t.from), len(t.given))
	for _, g := range []struct {
		group group
		title string
	}{
		{same, "Taken over as they are"},
		{changed, "Taken over in another form"},
		{variables, "From the environment"},
		{safer, "Safer here; the configuration has a line to uncomment for what the original does"},
		{compatible, "As in the original, because of SECURITY_FLASK_COMPAT; there is a line for what is safer"},
		{nowhere, "Without an equivalent"},
		{strange, "Unknown names"},
		{unread, "Not understood, and not taken over"},
		{todo, "To look at before doorward starts with this"},
	} {
		t.group(&b, g.title, t.notes[g.group], g.group == same)
	}
	if len(t.others) > 0 {
		fmt.Fprintf(&b, "\nNot of Flask-Security, and left out (%d):\n", len(t.others))
		words(t.others).wrap(&b)
	}
	return b.String()
}

func (t *Translation) group(b *strings.Builder, title string, notes []note, brief bool) {
	if len(notes) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s (%d):\n", title, len(notes))
	if brief {
		var all []string
		for _, n := range notes {
			all = append(all, n.name)
		}
		words(all).wrap(b)
		return
	}
	for i, n := range notes {
		if i == shown {
			fmt.Fprintf(b, "  and %d more\n", len(notes)-shown)
			return
		}
		head := clip(n.name)
		if n.line > 0 {
			head = strings.TrimSpace(fmt.Sprintf("%s (line %d)", head, n.line))
		}
		if head == "" {
			indented(b, " ", oneLine(n.text), width)
			continue
		}
		fmt.Fprintf(b, "  %s\n", head)
		indented(b, "     ", oneLine(n.text), width)
	}
}

// words are names that are listed one after the other.
type words []string

func (w words) wrap(b *strings.Builder) {
	var all []string
	for _, name := range w[:min(len(w), shown)] {
		all = append(all, cmp.Or(clip(name), `""`))
	}
	slices.Sort(all)
	text := strings.Join(slices.Compact(all), ", ")
	if len(w) > shown {
		text += fmt.Sprintf(", and %d more", len(w)-shown)
	}
	indented(b, " ", text, width)
}

// indented writes text in lines of a readable width, each after begin.
func indented(b *strings.Builder, begin, text string, width int) {
	line := begin
	for _, word := range strings.Fields(text) {
		if line != begin && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			b.WriteString(line + "\n")
			line = begin
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
