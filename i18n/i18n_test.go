package i18n_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/doorward/doorward/i18n"
)

const german = `msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgctxt "login_title"
msgid "Sign in"
msgstr "Anmelden"

msgid "INVALID_PASSWORD"
msgstr "Das Passwort stimmt nicht."

msgctxt "duration_days"
msgid "%(n)d day"
msgid_plural "%(n)d days"
msgstr[0] "%(n)d Tag"
msgstr[1] "%(n)d Tage"

msgctxt "open"
msgid "Open"
msgstr ""

#, fuzzy
msgctxt "guess"
msgid "Guess"
msgstr "Vermutung"
`

func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

func with(t *testing.T, pairs ...string) *i18n.Catalogues {
	t.Helper()
	c, err := new(i18n.Catalogues).With(files(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBuiltin(t *testing.T) {
	c, err := i18n.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if langs := c.Languages(); langs[0] != "en" {
		t.Errorf("the languages are %v", langs)
	}
	if got, ok := c.Translate("en", "login", "Sign in", "", 0); got != "Sign in" || !ok {
		t.Errorf("English is %q, %t", got, ok)
	}
}

func TestTranslate(t *testing.T) {
	c := with(t,
		"de.po", german,
		"de_AT.po", entry("login_title", "Einloggen"),
		"zh_Hans/LC_MESSAGES/messages.po", entry("login_title", "登录"),
		"deep/down/ja.po", entry("login_title", "サインイン"),
		"en.po", entry("login_title", "Log in"),
	)
	tests := []struct {
		lang, key, one, many string
		n                    int
		want                 string
		ok                   bool
	}{
		{"de", "login_title", "Sign in", "", 0, "Anmelden", true},
		{"de", "login_title", "Other English", "", 0, "Anmelden", true},
		{"de", "INVALID_PASSWORD", "Wrong", "", 0, "Das Passwort stimmt nicht.", true},
		{"de", "duration_days", "%(n)d day", "%(n)d days", 1, "%(n)d Tag", true},
		{"de", "duration_days", "%(n)d day", "%(n)d days", 0, "%(n)d Tage", true},
		{"de", "duration_days", "%(n)d day", "%(n)d days", 5, "%(n)d Tage", true},
		{"de", "open", "Open", "", 0, "", false},
		{"de", "guess", "Guess", "", 0, "", false},
		{"de", "unknown", "Unknown", "", 0, "", false},
		{"de-AT", "login_title", "Sign in", "", 0, "Einloggen", true},
		{"de-AT", "INVALID_PASSWORD", "Wrong", "", 0, "Das Passwort stimmt nicht.", true},
		{"de-CH", "login_title", "Sign in", "", 0, "Anmelden", true},
		{"zh-Hans", "login_title", "Sign in", "", 0, "登录", true},
		{"ja", "login_title", "Sign in", "", 0, "サインイン", true},
		{"fr", "login_title", "Sign in", "", 0, "", false},
		{"en", "login_title", "Sign in", "", 0, "Log in", true},
		{"en", "duration_days", "%(n)d day", "%(n)d days", 1, "%(n)d day", true},
		{"en", "duration_days", "%(n)d day", "%(n)d days", 3, "%(n)d days", true},
		{"en", "nothing", "", "", 3, "", false},
		{"", "login_title", "Sign in", "", 0, "", false},
	}
	for _, tt := range tests {
		if got, ok := c.Translate(tt.lang, tt.key, tt.one, tt.many, tt.n); got != tt.want || ok != tt.ok {
			t.Errorf("%s %s for %d: got %q, %t, want %q, %t", tt.lang, tt.key, tt.n, got, ok, tt.want, tt.ok)
		}
	}
	if got := strings.Join(c.Languages(), " "); got != "en de de-AT ja zh-Hans" {
		t.Errorf("the languages are %s", got)
	}
}

// TestBuiltinEnglish is about translations that were made from other English
// than the code has by now, or than an operator has set.
func TestBuiltinEnglish(t *testing.T) {
	c, err := i18n.BuiltinFrom(files("de.po", german))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key, one, many string
		want           bool
	}{
		{"login_title", "Sign in", "", true},
		{"login_title", "Come in", "", false},
		{"login_title", "Sign in", "Signs in", false},
		{"duration_days", "%(n)d day", "%(n)d days", true},
		{"duration_days", "%(n)d day", "", false},
		{"INVALID_PASSWORD", "INVALID_PASSWORD", "", false},
	} {
		if _, ok := c.Translate("de", tt.key, tt.one, tt.many, 2); ok != tt.want {
			t.Errorf("%s of %q, %q: %t", tt.key, tt.one, tt.many, ok)
		}
	}
	own, err := c.With(files("de.po", entry("login_title", "Herein")))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := own.Translate("de", "login_title", "Come in", "", 0); got != "Herein" {
		t.Errorf("replaced, it is %q", got)
	}
}

// TestWider is about where a language takes what it lacks.
func TestWider(t *testing.T) {
	own := entry("own", "eigen")
	c := with(t, "zh.po", entry("login_title", "登录"), "zh-CN.po", own, "zh-Hant.po", own, "de-AT.po", own, "pt-PT.po", own, "pt.po", entry("login_title", "Entrar"))
	for lang, want := range map[string]string{"zh-CN": "登录", "zh-Hant": "", "de-AT": "", "pt-PT": "Entrar"} {
		if got, ok := c.Translate(lang, "login_title", "Sign in", "", 0); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", lang, got, ok)
		}
	}
}

// TestOrder is about several files that say something on the same text.
func TestOrder(t *testing.T) {
	first := with(t, "de.po", german)
	second, err := first.With(files("own/de.po", entry("login_title", "Hereinspaziert")))
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range map[*i18n.Catalogues]string{first: "Anmelden", second: "Hereinspaziert"} {
		if got, _ := c.Translate("de", "login_title", "Sign in", "", 0); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got, _ := second.Translate("de", "INVALID_PASSWORD", "", "", 0); got != "Das Passwort stimmt nicht." {
		t.Errorf("what was not replaced is %q", got)
	}
	// The entry that names its context means the text; the other may be a word of the application.
	both := with(t, "de.po", entry("error", "Fehler")+"\nmsgid \"error\"\nmsgstr \"anderes\"\n")
	if got, _ := both.Translate("de", "error", "Error", "", 0); got != "Fehler" {
		t.Errorf("with and without context: %q", got)
	}
}

func TestWithRefuses(t *testing.T) {
	plural := "msgctxt \"a\"\nmsgid \"b\"\nmsgid_plural \"c\"\nmsgstr[0] \"d\"\n"
	header := "msgid \"\"\nmsgstr \"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n"
	tests := map[string]struct{ name, text, want string }{
		"no language":     {"messages.po", german, "messages.po: \"messages\" is not the tag"},
		"no language dir": {"x-/LC_MESSAGES/a.po", german, "x-/LC_MESSAGES/a.po: \"x-\" is not"},
		"not PO":          {"sub/de.po", "msgid \"a\"\nmsgstr b\n", "sub/de.po:2: "},
		"no rule":         {"de.po", plural, "de.po:1: there is a plural"},
		"a form too few":  {"de.po", header + plural, "de.po:4: 1 forms, and the header promises 2"},
		"a wrong rule":    {"de.po", strings.Replace(german, "n != 1", "exit()", 1), "de.po:1: plural forms"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := new(i18n.Catalogues).With(files(tt.name, tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if c := with(t, "fr.po", "msgid \"\"\nmsgstr \"\"\n", "notes.txt", "not read"); len(c.Languages()) != 1 {
		t.Errorf("a file without translations made a language: %v", c.Languages())
	}
}

// TestTogether is for the race detector.
func TestTogether(t *testing.T) {
	c := with(t, "de.po", german)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			offered := []string{"en", "de"}
			if i%2 == 0 {
				offered = []string{"de", "en"}
			}
			for range 100 {
				if got := c.Match("de-CH;q=0.9, en;q=0.1", offered); got != "de" {
					t.Errorf("got %q", got)
				}
				c.Translate("de", "duration_days", "%(n)d day", "%(n)d days", i)
				c.Languages()
			}
		})
	}
	wg.Wait()
}

func TestTranslateAllocates(t *testing.T) {
	c := with(t, "de.po", german)
	got := testing.AllocsPerRun(100, func() {
		c.Translate("de", "duration_days", "%(n)d day", "%(n)d days", 5)
		c.Translate("de-CH", "login_title", "Sign in", "", 0)
		c.Translate("fr", "login_title", "Sign in", "", 0)
	})
	if got != 0 {
		t.Errorf("three look-ups allocate %v times", got)
	}
}

func entry(key, words string) string {
	return "msgctxt \"" + key + "\"\nmsgid \"Any\"\nmsgstr \"" + words + "\"\n"
}
