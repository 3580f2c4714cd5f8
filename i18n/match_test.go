package i18n_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/i18n"
)

func all() []string {
	return []string{"en", "ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "tr", "zh-Hans"}
}

func TestMatch(t *testing.T) {
	tests := map[string]struct{ accept, want string }{
		"one tag":                    {"de", "de"},
		"another case":               {"DE", "de"},
		"a region":                   {"de-AT", "de"},
		"an underscore":              {"pt_BR", "pt"},
		"a browser's header":         {"de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"},
		"by weight":                  {"en;q=0.2, fr;q=0.5, it;q=0.4", "fr"},
		"by order":                   {"it, fr", "it"},
		"British before German":      {"en-GB;q=0.9, de;q=0.8", "en"},
		"Brazilian":                  {"pt-BR", "pt"},
		"Portuguese of Portugal":     {"pt-PT", "pt"},
		"Chinese of the mainland":    {"zh-CN", "zh-Hans"},
		"Chinese":                    {"zh", "zh-Hans"},
		"traditional script":         {"zh-TW", "zh-Hans"},
		"traditional, else English":  {"zh-TW, en;q=0.8", "en"},
		"a browser in Taiwan":        {"zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-Hans"},
		"a variant":                  {"de-1996", "de"},
		"unknown, then known":        {"xx, tlh, fr;q=0.1", "fr"},
		"a region unknown":           {"fr-QM", "fr"},
		"a neighbour's language":     {"uk", ""},
		"a neighbour's, close":       {"be", ""},
		"the language of the school": {"eu, ca;q=0.5", ""},
		"anything":                   {"*", ""},
		"this, else anything":        {"ja, *;q=0.1", "ja"},
		"not this one":               {"de;q=0, fr;q=0.1", "fr"},
		"only not this one":          {"de;q=0", ""},
		"nothing":                    {"", ""},
		"commas":                     {",,,;q=1,", ""},
		"a weight that is none":      {"de;q=NaN, it;q=2, es;q=-1, fr;q=0.5", "fr"},
		"spaces":                     {" de ; q=0.5 ,\tfr;q=0.4", "de"},
		"no tag":                     {"<script>, de", "de"},
		"a language too long":        {"de-" + strings.Repeat("abcdefgh-", 50) + ", fr", "fr"},
		"more than is read":          {strings.Repeat("xx, ", 200) + "de", ""},
	}
	c := new(i18n.Catalogues)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := c.Match(tt.accept, all()); got != tt.want {
				t.Errorf("%q: got %q, want %q", tt.accept, got, tt.want)
			}
		})
	}
}

// TestMatchOffered is about what is offered, which the matcher remembers.
func TestMatchOffered(t *testing.T) {
	c := new(i18n.Catalogues)
	for _, tt := range []struct {
		accept  string
		offered []string
		want    string
	}{
		{"de-AT, de", []string{"en", "de", "de-AT"}, "de-AT"},
		{"de-CH", []string{"en", "de", "de-AT"}, "de"},
		{"de", []string{"en", "fr"}, ""},
		{"nb", []string{"no"}, "no"},
		{"zh-TW", []string{"zh-Hans", "zh-Hant"}, "zh-Hant"},
		{"de", nil, ""},
		{"de", []string{"", "no tag", "de"}, "de"},
		{"fr", []string{"no tag", "fr"}, "fr"},
		{"*", []string{"en"}, ""},
	} {
		for range 2 {
			if got := c.Match(tt.accept, tt.offered); got != tt.want {
				t.Errorf("%q of %v: got %q, want %q", tt.accept, tt.offered, got, tt.want)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"de-DE,de;q=0.9,en;q=0.8", "*", "zh_Hant_TW;q=1.000", "x-y-z,i-klingon;q=.5", "en-u-ca-buddhist-t-de;q=0.5", ";q=", "art-lojban,\xff"} {
		f.Add(s)
	}
	c := new(i18n.Catalogues)
	f.Fuzz(func(t *testing.T, accept string) {
		got := c.Match(accept, all())
		if got != "" && !slices.Contains(all(), got) {
			t.Errorf("%q was not offered", got)
		}
	})
}

func FuzzWith(f *testing.F) {
	f.Add("de.po", german)
	f.Add("fr/LC_MESSAGES/x.po", "msgid \"\"\nmsgstr \"Plural-Forms: nplurals=1; plural=0;\\n\"\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		if !fs.ValidPath(name) || name == "." {
			t.Skip("no file system has such a name")
		}
		c, err := new(i18n.Catalogues).With(files(name, text))
		if err != nil {
			return
		}
		for _, lang := range c.Languages() {
			c.Translate(lang, "duration_days", "%(n)d day", "%(n)d days", 7)
			c.Translate(lang, "login_title", "Sign in", "", -1)
		}
	})
}
