package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/text/language"

	"github.com/doorward/doorward/internal/po"
)

// source is the language of the words in the code.
const source = "en"

// locale has the built-in catalogues, and the template that is there before
// the first of them.
//
//go:embed locale
var locale embed.FS

// Catalogues are the translations of an installation; the zero value has none.
// They never change, and are safe for concurrent use.
type Catalogues struct {
	// others are the languages besides English, in order.
	others []string
	langs  map[string]*catalogue
	// matcher is the one made last: whoever asks offers the same languages
	// each time.
	matcher atomic.Pointer[matcher]
}

// catalogue is one language.
type catalogue struct {
	texts map[string]text
	// wider are the languages to look in for what is not here: for de-AT, de.
	wider []*catalogue
}

// text is one translation.
type text struct {
	// one and many are the English it translates, unless it is for any.
	one, many string
	forAny    bool
	forms     []string
	rule      po.Rule
}

// Builtin returns the languages that are part of the program.
func Builtin() (*Catalogues, error) {
	files, err := fs.Sub(locale, "locale")
	if err != nil {
		return nil, fmt.Errorf("built-in translations: %w", err)
	}
	return new(Catalogues).add(files, false)
}

// With returns the catalogues together with the *.po files of files, whatever
// directory they are in, whose translations come before those there are. The
// language is the name of the file (de.po, zh_Hans.po), or for
// de/LC_MESSAGES/messages.po that of the directory. An entry is found by its
// msgctxt or, if it has none, by its msgid being the key of a text; the English
// in it is not compared. Entries of other keys do no harm. A file that cannot
// be read as it was meant is an error that names its line.
func (c *Catalogues) With(files fs.FS) (*Catalogues, error) {
	return c.add(files, true)
}

// Languages returns the BCP 47 tags it can translate to, "en" first.
func (c *Catalogues) Languages() []string { return append([]string{source}, c.others...) }

// Translate returns the words of the text key, whose English is one, or many
// for several things, in lang for n things. It returns false if there are none.
// What a regional language lacks is taken from the wider one.
func (c *Catalogues) Translate(lang, key, one, many string, n int) (string, bool) {
	for tag := lang; tag != ""; tag = shorten(tag) {
		cat, ok := c.langs[tag]
		if !ok {
			continue
		}
		if words, ok := cat.find(key, one, many, n); ok {
			return words, true
		}
		for _, w := range cat.wider {
			if words, ok := w.find(key, one, many, n); ok {
				return words, true
			}
		}
		break
	}
	if lang != source || one == "" {
		return "", false
	}
	if many != "" && n != 1 {
		return many, true
	}
	return one, true
}

func (c *catalogue) find(key, one, many string, n int) (string, bool) {
	t, ok := c.texts[key]
	if !ok || !t.forAny && (t.one != one || t.many != many) {
		return "", false
	}
	if len(t.forms) == 1 {
		return t.forms[0], true
	}
	return t.forms[t.rule.Form(n)], true
}

// shorten takes the last subtag off a tag.
func shorten(tag string) string { return tag[:max(strings.LastIndexByte(tag, '-'), 0)] }

// clone returns a copy to add to.
func (c *Catalogues) clone() *Catalogues {
	out := &Catalogues{langs: make(map[string]*catalogue, len(c.langs))}
	for tag, cat := range c.langs {
		out.langs[tag] = &catalogue{texts: maps.Clone(cat.texts)}
	}
	return out
}

// link lists the languages, and finds for each where to look for what it lacks.
func (c *Catalogues) link() {
	for tag, cat := range c.langs {
		for _, wider := range widen(tag) {
			if w, ok := c.langs[wider]; ok {
				cat.wider = append(cat.wider, w)
			}
		}
		if tag != source {
			c.others = append(c.others, tag)
		}
	}
	slices.Sort(c.others)
}

// widen returns the languages that a reader of tag can read, the closest first,
// without tag: of zh-CN they are zh-Hans and zh.
func widen(tag string) []string {
	t, err := language.Parse(tag)
	if err != nil {
		return nil
	}
	var out []string
	for p := t.Parent(); !p.IsRoot(); p = p.Parent() {
		out = append(out, p.String())
	}
	base, _ := t.Base()
	script, _ := t.Script()
	for _, wide := range []string{base.String() + "-" + script.String(), base.String()} {
		// Who reads Chinese in the one script does not in the other.
		other, err := language.Parse(wide)
		if s, _ := other.Script(); err == nil && s == script && wide != tag && !slices.Contains(out, wide) {
			out = append(out, wide)
		}
	}
	return out
}
