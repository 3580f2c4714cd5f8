package po

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads a file, which is called name in errors. Errors are of type [*Error].
func Parse(name string, data []byte) (*File, error) {
	p := &parser{name: name, seen: map[identity]int{}}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for line := range bytes.Lines(data) {
		p.line++
		if !utf8.Valid(line) {
			return nil, p.fail(p.line, "not UTF-8")
		}
		if err := p.read(strings.TrimSpace(string(line))); err != nil {
			return nil, err
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return &p.file, p.checkHeader()
}

// identity is what may be in a file once.
type identity struct {
	hasContext  bool
	context, id string
}

// part is what a continued line continues.
type part int

const (
	nothing part = iota
	context
	id
	plural
	str
)

type parser struct {
	name string
	line int
	file File
	seen map[identity]int

	entry Entry
	last  part
	// hasPlural is about the keyword, which may have no words yet.
	hasPlural bool
}

func (p *parser) fail(line int, problem string, args ...any) error {
	return &Error{p.name, line, fmt.Sprintf(problem, args...)}
}

func (p *parser) read(line string) error {
	switch {
	case line == "":
		return nil
	case line[0] == '#':
		return p.comment(line)
	case line[0] == '"':
		return p.more(line)
	}
	end := strings.IndexAny(line, " \t\"")
	if end < 0 {
		return p.fail(p.line, "%.40q is no line of a PO file", line)
	}
	words, err := p.unquote(strings.TrimSpace(line[end:]))
	if err != nil {
		return err
	}
	return p.keyword(line[:end], words)
}

func (p *parser) comment(line string) error {
	if p.last == str {
		if err := p.finish(); err != nil {
			return err
		}
	}
	if p.last != nothing {
		return p.fail(p.line, "a comment inside of an entry")
	}
	switch {
	case strings.HasPrefix(line, "#,"):
		for flag := range strings.SplitSeq(line[2:], ",") {
			p.entry.Fuzzy = p.entry.Fuzzy || strings.TrimSpace(flag) == "fuzzy"
		}
	case line == "#" || line[1] == ' ' || line[1] == '\t':
		p.entry.Comments = append(p.entry.Comments, line)
	}
	return nil // "#:", "#.", "#|" and "#~" are written by programs, for programs
}

func (p *parser) unquote(quoted string) (string, error) {
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return "", p.fail(p.line, "the text is not in double quotes")
	}
	words, err := strconv.Unquote(quoted)
	if err != nil || !utf8.ValidString(words) {
		return "", p.fail(p.line, "a quote or backslash in the text has to be written with a backslash before it")
	}
	return words, nil
}

// more takes a line that continues the one before.
func (p *parser) more(line string) error {
	words, err := p.unquote(line)
	if err != nil {
		return err
	}
	switch p.last {
	case context:
		p.entry.Context += words
	case id:
		p.entry.ID += words
	case plural:
		p.entry.Plural += words
	case str:
		p.entry.Str[len(p.entry.Str)-1] += words
	default:
		return p.fail(p.line, "a text that belongs to no entry")
	}
	return nil
}

func (p *parser) keyword(word, words string) error {
	if p.last == str && (word == "msgctxt" || word == "msgid") {
		if err := p.finish(); err != nil {
			return err
		}
	}
	if p.last == nothing {
		p.entry.Line = p.line
	}
	e := &p.entry
	switch {
	case word == "msgctxt" && p.last == nothing:
		e.HasContext, e.Context, p.last = true, words, context
	case word == "msgid" && (p.last == nothing || p.last == context):
		e.ID, p.last = words, id
	case word == "msgid_plural" && p.last == id:
		e.Plural, p.hasPlural, p.last = words, true, plural
	case strings.HasPrefix(word, "msgstr") && (p.last == id || p.last == plural || p.last == str && p.hasPlural):
		return p.message(word, words)
	default:
		return p.fail(p.line, "%.40s is not expected here", word)
	}
	return nil
}

func (p *parser) message(word, words string) error {
	want := "msgstr"
	if p.hasPlural {
		want = fmt.Sprintf("msgstr[%d]", len(p.entry.Str))
	}
	if word != want {
		return p.fail(p.line, "%.40s, where %s is expected", word, want)
	}
	p.entry.Str = append(p.entry.Str, words)
	p.last = str
	return nil
}

// finish keeps the entry that was read and makes room for the next.
func (p *parser) finish() error {
	e := p.entry
	if p.last != nothing && p.last != str {
		return p.fail(e.Line, "the entry has no msgstr")
	}
	if p.last == nothing {
		return nil // comments at the end
	}
	if p.hasPlural && e.Plural == "" {
		return p.fail(e.Line, "the entry's msgid_plural is empty")
	}
	p.entry, p.last, p.hasPlural = Entry{}, nothing, false
	key := identity{e.HasContext, e.Context, e.ID}
	if first, ok := p.seen[key]; ok {
		return p.fail(e.Line, "the entry of line %d again", first)
	}
	p.seen[key] = e.Line
	switch {
	case e.ID == "" && !e.HasContext && len(p.file.Entries) > 0:
		return p.fail(e.Line, "the header has to be the first entry")
	case e.ID == "" && !e.HasContext:
		p.file.Comments, e.Comments = e.Comments, nil
		p.file.Header = e
	default:
		p.file.Entries = append(p.file.Entries, e)
	}
	return nil
}

func (p *parser) checkHeader() error {
	kind := strings.ToLower(p.file.Field("Content-Type"))
	_, charset, found := strings.Cut(kind, "charset=")
	if found && strings.TrimSpace(charset) != "utf-8" && strings.TrimSpace(charset) != "charset" {
		return p.fail(p.file.Header.Line, "the header's charset is %.40q; UTF-8 is read only", charset)
	}
	return nil
}

// Field returns a field of the header, "" if there is none.
func (f *File) Field(name string) string {
	if len(f.Header.Str) == 0 {
		return ""
	}
	for line := range strings.Lines(f.Header.Str[0]) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
