package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/po"
)

// findings is what stands between a catalogue and its visitors.
type findings struct {
	missing []string // keys
	wrong   []string // sentences
}

// check returns what is missing and what is wrong in the catalogue of lang.
func check(lang string, file *po.File, texts map[string]doorward.Text) findings {
	var found findings
	rule, known, err := file.Rule()
	switch want := rules()[lang]; {
	case err != nil || !known:
		found.wrong = append(found.wrong, fmt.Sprintf("the header has no Plural-Forms that can be used: %v", err))
		return found
	case want != "" && file.Field("Plural-Forms") != want:
		found.wrong = append(found.wrong, "Plural-Forms has to be "+want)
	}
	if said := file.Field("Language"); said != lang {
		found.wrong = append(found.wrong, fmt.Sprintf("the header says that the language is %q", said))
	}
	have := map[string]*po.Entry{}
	for i := range file.Entries {
		e := &file.Entries[i]
		if _, ok := texts[e.Context]; !ok || !e.HasContext {
			found.wrong = append(found.wrong, fmt.Sprintf("line %d: there is no text %q", e.Line, e.Context))
		}
		have[e.Context] = e
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		t, e := texts[key], have[key]
		if e == nil || e.ID != t.Text || e.Plural != t.Plural || !e.Translated() {
			found.missing = append(found.missing, key)
			continue
		}
		for _, problem := range checkEntry(rule, e) {
			found.wrong = append(found.wrong, key+": "+problem)
		}
	}
	return found
}

func checkEntry(rule po.Rule, e *po.Entry) (wrong []string) {
	if e.Plural != "" && len(e.Str) != rule.Forms() {
		return []string{fmt.Sprintf("%d forms, and the language has %d", len(e.Str), rule.Forms())}
	}
	want := placeholders(e.ID + e.Plural)
	english := cmp.Or(e.Plural, e.ID)
	for form, words := range e.Str {
		report := func(problem string) { wrong = append(wrong, fmt.Sprintf("%s: %q", problem, words)) }
		may := ""
		if n, single := rule.Only(form); e.Plural != "" && single && n <= 2 {
			may = "%(n)d" // "one day" says how many
		}
		if problem := compare(want, placeholders(words), may); problem != "" {
			report(problem)
		}
		if strings.Contains(placeholder().ReplaceAllString(words, ""), "%(") {
			report("a placeholder is broken")
		}
		if markup().MatchString(words) && !markup().MatchString(english) {
			report("markup")
		}
		if strings.ContainsFunc(isolate().ReplaceAllString(words, ""), unseen(english)) {
			report("a control character")
		}
		if margin(words) != margin(english) {
			report("not the white space at the ends that the English has")
		}
	}
	return wrong
}

func placeholder() *regexp.Regexp { return regexp.MustCompile(`%\([A-Za-z0-9_]+\)[sd]`) }

// markup is what a browser could take for a tag or a character reference.
func markup() *regexp.Regexp { return regexp.MustCompile(`<[A-Za-z/!?]|&#?[A-Za-z0-9]+;`) }

func placeholders(s string) []string {
	found := placeholder().FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// compare says what differs; may is a placeholder that may be left out.
func compare(want, got []string, may string) string {
	for _, p := range want {
		if p != may && !slices.Contains(got, p) {
			return p + " is left out"
		}
	}
	for _, p := range got {
		if !slices.Contains(want, p) {
			return p + " is not in the English"
		}
	}
	return ""
}

// isolate finds what is set apart from a sentence in the other direction, such as a
// phone number, with both of its marks.
func isolate() *regexp.Regexp { return regexp.MustCompile("\u2066[^\u2066-\u2069]*\u2069") }

// unseen tells the characters that no translation needs: control characters,
// but line ends where the English has some, and those that turn the direction
// of what follows, so that a page shows something else than it says.
func unseen(english string) func(rune) bool {
	return func(c rune) bool {
		switch {
		case c == '\n':
			return !strings.Contains(english, "\n")
		case c >= '\u202a' && c <= '\u202e', c >= '\u2066' && c <= '\u2069', c == '\ufeff', c == '\ufffd':
			return true
		}
		return unicode.IsControl(c)
	}
}

// margin returns the white space at both ends.
func margin(s string) [2]string {
	trimmed := strings.TrimLeftFunc(s, unicode.IsSpace)
	return [2]string{s[:len(s)-len(trimmed)], trimmed[len(strings.TrimRightFunc(trimmed, unicode.IsSpace)):]}
}
