package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/po"
)

const (
	// template is the file that holds all texts and no translation.
	template = "messages.pot"
	// was begins a comment that keeps the translation of English which has changed.
	was = "#  was: "
)

// rules returns the plural rules of the languages that are known: those of
// Unicode's CLDR for whole numbers below a million.
func rules() map[string]string {
	const (
		none     = "nplurals=1; plural=0;"
		not1     = "nplurals=2; plural=(n != 1);"
		over1    = "nplurals=2; plural=(n > 1);"
		slavonic = "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
	)
	return map[string]string{
		"ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
		"de": not1, "es": not1, "it": not1, "nl": not1, "tr": not1,
		"fr": over1, "pt": over1,
		"ja": none, "zh-Hans": none,
		"pl": "nplurals=3; plural=(n==1 ? 0 : " + slavonic,
		"ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : " + slavonic,
	}
}

// header returns the first entry of a catalogue. It has no dates, which would
// change with every run.
func header(lang, rule string) po.Entry {
	text := "Project-Id-Version: doorward\nLanguage: " + lang + "\nMIME-Version: 1.0\n" +
		"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
	if rule != "" {
		text += "Plural-Forms: " + rule + "\n"
	}
	return po.Entry{Str: []string{text}}
}

func formatTemplate(texts map[string]doorward.Text) []byte {
	file := po.File{
		Comments: []string{"# Every text that visitors see, in English. Written by \"make i18n\"."},
		Header:   header("", ""),
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		file.Entries = append(file.Entries, fresh(key, texts[key], 2))
	}
	return file.Format()
}

// fresh returns the entry of a text that nobody has translated.
func fresh(key string, t doorward.Text, forms int) po.Entry {
	if t.Plural == "" {
		forms = 1
	}
	return po.Entry{HasContext: true, Context: key, ID: t.Text, Plural: t.Plural, Str: make([]string, forms)}
}

// merge returns the catalogue of lang with just the given texts, by key, and
// the translations that old has of them.
func merge(lang string, old *po.File, texts map[string]doorward.Text) (*po.File, error) {
	field := cmp.Or(rules()[lang], old.Field("Plural-Forms"))
	rule, err := po.Compile(field)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lang, err)
	}
	file := &po.File{Comments: old.Comments, Header: header(lang, field)}
	if old.Field("Language") == lang && old.Field("Plural-Forms") == field && old.Field("Content-Type") != "" {
		file.Header = old.Header // with what the translators have put there
	}
	have := map[string]*po.Entry{}
	for i := range old.Entries {
		if e := &old.Entries[i]; e.HasContext {
			have[e.Context] = e
		}
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		e := fresh(key, texts[key], rule.Forms())
		if before, ok := have[key]; ok {
			keep(&e, before)
		}
		file.Entries = append(file.Entries, e)
	}
	return file, nil
}

// keep takes over what holds of an earlier entry: everything, or if the English
// has changed what the translator said, for him to see.
func keep(e, before *po.Entry) {
	same := before.ID == e.ID && before.Plural == e.Plural && len(before.Str) == len(e.Str)
	words := slices.ContainsFunc(before.Str, func(s string) bool { return s != "" })
	e.Comments = slices.Clone(before.Comments)
	if words {
		e.Comments = slices.DeleteFunc(e.Comments, func(c string) bool { return strings.HasPrefix(c, was) })
	}
	if same {
		e.Str, e.Fuzzy = before.Str, before.Fuzzy
		return
	}
	for _, s := range before.Str {
		if s != "" {
			e.Comments = append(e.Comments, was+strings.TrimSpace(strings.ReplaceAll(s, "\n", `\n`)))
		}
	}
}
