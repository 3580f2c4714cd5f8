package po

import (
	"fmt"
	"strings"
)

// Format returns the file as text: the same for the same entries, in their
// order, one line for each line of a text.
func (f *File) Format() []byte {
	var b strings.Builder
	lines(&b, f.Comments)
	header := f.Header
	header.Comments = nil
	header.format(&b)
	for i := range f.Entries {
		b.WriteByte('\n')
		f.Entries[i].format(&b)
	}
	return []byte(b.String())
}

func (e *Entry) format(b *strings.Builder) {
	lines(b, e.Comments)
	if e.Fuzzy {
		b.WriteString("#, fuzzy\n")
	}
	if e.HasContext {
		quote(b, "msgctxt", e.Context)
	}
	quote(b, "msgid", e.ID)
	if e.Plural == "" {
		quote(b, "msgstr", strings.Join(e.Str, ""))
		return
	}
	quote(b, "msgid_plural", e.Plural)
	for i, s := range e.Str {
		quote(b, fmt.Sprintf("msgstr[%d]", i), s)
	}
}

func lines(b *strings.Builder, lines []string) {
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
}

// quote writes one text; if it has several lines, each gets its own.
func quote(b *strings.Builder, keyword, text string) {
	b.WriteString(keyword)
	if i := strings.IndexByte(text, '\n'); i >= 0 && i < len(text)-1 || keyword == "msgstr" && i >= 0 {
		b.WriteString(` ""`)
		for line := range strings.Lines(text) {
			b.WriteString("\n" + Quote(line))
		}
		b.WriteByte('\n')
		return
	}
	b.WriteString(" " + Quote(text) + "\n")
}

// Quote returns text as one quoted string.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text) + `"`
}
