package doorward

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// LanguageConfig says in which languages visitors are answered. The words in
// the code are English.
type LanguageConfig struct {
	// Translator has the other languages; nil: there are none. Package i18n has
	// one for every text of doorward.
	Translator Translator `setting:"-"`
	// Choose returns the language of a request, as a BCP 47 tag or an
	// Accept-Language header. "" leaves it to the user's method
	// PreferredLanguage() string, if there is one, then to the browser. It may
	// ask [IdentityFrom] who is signed in, and asks for no texts.
	Choose  func(*http.Request) string `setting:"-"`
	Offered []string                   `setting:"LANGUAGES" help:"Languages that visitors are answered in, of those there are; empty: all."`
	Default string                     `setting:"LANGUAGE" default:"en" help:"Language of visitors who prefer none of those, and of mails to users whose language is not known."`
}

// Translator knows other languages than English. It is safe for concurrent use.
type Translator interface {
	// Translate returns the words of the text key, whose English is one (or many
	// for several things), in lang for n things; false if there are none.
	Translate(lang, key, one, many string, n int) (string, bool)
	// Languages returns the BCP 47 tags it knows, "en" first.
	Languages() []string
	// Match returns which of offered suits a reader best who sent accept, an
	// Accept-Language header or a tag, and "" if none does.
	Match(accept string, offered []string) string
}

// setUpLanguages decides what is offered.
func (e *engine) setUpLanguages() error {
	c := &e.cfg.Languages
	e.languages = []string{"en"}
	if c.Translator != nil {
		e.languages = slices.Clone(c.Translator.Languages())
	}
	if len(c.Offered) > 0 {
		for _, lang := range c.Offered {
			if !slices.Contains(e.languages, lang) {
				return &ConfigError{Problem: fmt.Sprintf("LANGUAGES: there is no %q", lang), Hint: "there are: " + strings.Join(e.languages, ", ")}
			}
		}
		e.languages = slices.Clone(c.Offered)
	}
	if !slices.Contains(e.languages, c.Default) {
		return &ConfigError{Problem: fmt.Sprintf("LANGUAGE: %q is not offered", c.Default), Hint: "offered are: " + strings.Join(e.languages, ", ")}
	}
	return nil
}

// language is the language of a visit, decided once.
type language struct {
	once sync.Once
	tag  atomic.Pointer[string]
}

// language returns in which language the visitor is answered. It looks for who
// that is, so it must not be called with v.mu held.
func (v *visit) language() string {
	if len(v.e.languages) < 2 {
		return v.e.cfg.Languages.Default
	}
	v.lang.once.Do(func() {
		var user User
		if id, err := IdentityFrom(&v.within); err == nil {
			user = id.User
		}
		tag := v.wish(&v.within, user)
		v.lang.tag.Store(&tag)
	})
	return v.languageSoFar()
}

// languageSoFar is the language as far as that can be told while it is being
// found out who the visitor is.
func (v *visit) languageSoFar() string {
	if tag := v.lang.tag.Load(); tag != nil {
		return *tag
	}
	return v.wish(&v.behind, nil)
}

// wish returns the language that suits the visitor best, who is user if he is
// somebody.
func (v *visit) wish(ctx context.Context, user User) string {
	chosen := ""
	if choose := v.e.cfg.Languages.Choose; choose != nil {
		chosen = choose(v.r.WithContext(ctx))
	}
	return cmp.Or(v.e.match(chosen, preferred(user), v.r.Header.Get("Accept-Language")), v.e.cfg.Languages.Default)
}

// match returns the first language offered that suits one of the wishes.
func (e *engine) match(wishes ...string) string {
	t := e.cfg.Languages.Translator
	if t == nil {
		return ""
	}
	for _, w := range wishes {
		if w == "" {
			continue
		}
		if tag := t.Match(w, e.languages); slices.Contains(e.languages, tag) {
			return tag
		}
	}
	return ""
}

// preferred is the language a user chose, if the application knows.
func preferred(u User) string {
	if p, ok := u.(interface{ PreferredLanguage() string }); ok {
		return p.PreferredLanguage()
	}
	return ""
}

// languageOf is the language of the request that ctx belongs to.
func (e *engine) languageOf(ctx context.Context) string {
	v := visitBehind(ctx)
	switch {
	case v == nil || v.e != e:
		return e.cfg.Languages.Default
	case visitFrom(ctx) == nil: // in a call of the engine's that may hold v.mu
		return v.languageSoFar()
	}
	return v.language()
}

// languageHeaders tell caches and readers what the answer is written in.
func (e *engine) languageHeaders(h http.Header, r *http.Request) {
	if len(e.languages) < 2 {
		return
	}
	h.Set("Content-Language", e.languageOf(r.Context()))
	h.Add("Vary", "Accept-Language")
}

// direction is how a language is written, for the attribute dir: as its script
// is, if the tag names one.
func direction(lang string) string {
	parts := strings.Split(strings.ToLower(lang), "-")
	decides := parts[0]
	rtl := []string{"ar", "arc", "ckb", "dv", "fa", "he", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
	if len(parts) > 1 && len(parts[1]) == 4 {
		decides, rtl = parts[1], []string{"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"}
	}
	if slices.Contains(rtl, decides) {
		return "rtl"
	}
	return "ltr"
}

// Texts returns all texts of the installation by key, in English, for tools
// that translate.
func (s *Security) Texts() map[string]Text {
	out := make(map[string]Text, len(s.e.texts))
	for key, t := range s.e.texts {
		out[key] = t
	}
	return out
}

// text returns the words of m in a language.
func (e *engine) text(lang string, m Message) string {
	t, ok := e.texts[m.Key]
	if !ok {
		if m.Text != "" {
			return m.Text
		}
		return m.Key
	}
	words := e.words(lang, m.Key, t, count(m.Args))
	if len(m.Args) == 0 || !strings.Contains(words, "%(") {
		return words
	}
	pairs := make([]string, 0, 4*len(m.Args))
	for k, v := range m.Args {
		val := e.argument(lang, v)
		pairs = append(pairs, "%("+k+")s", val, "%("+k+")d", val)
	}
	return strings.NewReplacer(pairs...).Replace(words)
}

func (e *engine) words(lang, key string, t Text, n int) string {
	if e.cfg.Languages.Translator != nil {
		if words, ok := e.cfg.Languages.Translator.Translate(lang, key, t.Text, t.Plural, n); ok {
			return words
		}
	}
	if t.Plural != "" && n != 1 {
		return t.Plural
	}
	return t.Text
}

// count is the number that decides between the forms of a text.
func count(args map[string]any) int {
	n, _ := args["n"].(int)
	return n
}

// argument writes a value into a text: a duration in words, a message in the
// same language.
func (e *engine) argument(lang string, v any) string {
	switch x := v.(type) {
	case time.Duration:
		return e.duration(lang, x)
	case Message:
		return e.text(lang, x)
	case string:
		if direction(lang) == "rtl" {
			return isolated(x)
		}
	}
	return fmt.Sprint(v)
}

// isolated sets a value apart from a sentence that is written from right to left
// (Unicode UAX #9 section 2.7): without that the plus sign of a phone number and the
// dot at the end of an address change sides. A code of digits is left alone, to be
// copied as it is.
func isolated(value string) string {
	if !strings.ContainsFunc(value, func(r rune) bool { return r < '0' || r > '9' }) {
		return value
	}
	return "\u2068" + value + "\u2069"
}

// duration says how long d is, in whole units: "2 days", "1 hour and 30
// minutes", "1 day, 2 hours, 3 minutes". Years have 365 days and months 30. Less
// than a second is "0 seconds".
func (e *engine) duration(lang string, d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		size time.Duration
		key  string
	}{
		{365 * day, "duration_years"}, {30 * day, "duration_months"}, {day, "duration_days"},
		{time.Hour, "duration_hours"}, {time.Minute, "duration_minutes"}, {time.Second, "duration_seconds"},
	}
	var parts []Message
	for _, u := range units {
		if n := d / u.size; n > 0 {
			parts = append(parts, M(u.key, "n", int(min(n, math.MaxInt32))))
			d -= n * u.size
		}
	}
	switch len(parts) {
	case 0:
		return e.text(lang, M("duration_seconds", "n", 0))
	case 2:
		return e.text(lang, M("duration_two", "a", parts[0], "b", parts[1]))
	}
	all := parts[0]
	for _, p := range parts[1:] {
		all = M("duration_more", "a", all, "b", p)
	}
	return e.text(lang, all)
}
