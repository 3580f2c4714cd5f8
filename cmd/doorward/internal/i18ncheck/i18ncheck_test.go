package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/i18n"
	"github.com/doorward/doorward/internal/po"
)

const locale = "../../../../i18n/locale"

// TestCatalogues is about the files of the repository: the template has the
// texts of today, and each language that is there is complete and sound.
func TestCatalogues(t *testing.T) {
	texts, err := allTexts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(locale, template))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, formatTemplate(texts)) {
		t.Errorf("%s is not current: run \"make i18n\" and commit what it writes", template)
	}
	langs, err := catalogues(locale)
	if err != nil {
		t.Fatal(err)
	}
	builtin, err := i18n.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range langs {
		t.Run(lang, func(t *testing.T) { checkCatalogue(t, builtin, lang, texts) })
	}
}

func checkCatalogue(t *testing.T, builtin *i18n.Catalogues, lang string, texts map[string]doorward.Text) {
	file, err := read(locale, lang)
	if err != nil {
		t.Fatal(err)
	}
	found := check(lang, file, texts)
	if len(found.missing) > 0 {
		t.Errorf("%d texts are not translated: %s", len(found.missing), strings.Join(found.missing, " "))
	}
	for _, problem := range found.wrong {
		t.Error(problem)
	}
	if len(found.missing) > 0 {
		return
	}
	for key, text := range texts {
		for n := range 12 {
			if words, ok := builtin.Translate(lang, key, text.Text, text.Plural, n); !ok || words == "" {
				t.Errorf("%s for %d: the program does not find the translation", key, n)
			}
		}
	}
}

// sample is what the tests below translate.
func sample() map[string]doorward.Text {
	return map[string]doorward.Text{
		"title": {Text: "Sign in"},
		"taken": {Category: "error", Text: "The name %(name)s is taken."},
		"days":  {Text: "%(n)d day", Plural: "%(n)d days"},
		"lead":  {Text: "Since "},
		"lines": {Text: "One.\nTwo."},
	}
}

// written returns a catalogue with these entries, each "key|form|form".
func written(t *testing.T, lang string, entries ...string) *po.File {
	t.Helper()
	file, err := merge(lang, &po.File{}, sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		parts := strings.Split(entry, "|")
		i := slices.IndexFunc(file.Entries, func(e po.Entry) bool { return e.Context == parts[0] })
		file.Entries[i].Str = parts[1:]
	}
	return file
}

func germanSample() []string {
	return []string{"title|Anmelden", "taken|Der Name %(name)s ist vergeben.", "days|%(n)d Tag|%(n)d Tage", "lead|Seit ", "lines|Eins.\nZwei."}
}

func TestCheck(t *testing.T) {
	if found := check("de", written(t, "de", germanSample()...), sample()); len(found.missing)+len(found.wrong) > 0 {
		t.Fatalf("a good catalogue: %+v", found)
	}
	tests := map[string]struct{ entry, want string }{
		"left out":          {"taken|Der Name ist vergeben.", "taken: %(name)s is left out"},
		"invented":          {"title|Anmelden, %(name)s", "title: %(name)s is not in the English"},
		"another kind":      {"taken|Der Name %(name)d ist vergeben.", "taken: %(name)s is left out"},
		"broken":            {"taken|%(name)s %(name", "taken: a placeholder is broken"},
		"left out of many":  {"days|ein Tag|viele Tage", "days: %(n)d is left out: \"viele Tage\""},
		"a form too many":   {"days|%(n)d a|%(n)d b|%(n)d c", "days: 3 forms, and the language has 2"},
		"a tag":             {"title|<b>Anmelden</b>", "title: markup"},
		"an entity":         {"title|An&shy;melden", "title: markup"},
		"a tab":             {"title|An\tmelden", "title: a control character"},
		"a line too many":   {"title|An\nmelden", "title: a control character"},
		"turned round":      {"title|An\u202emelden", "title: a control character"},
		"not turned back":   {"title|An\u2066melden", "title: a control character"},
		"a space too many":  {"title| Anmelden", "title: not the white space"},
		"a space forgotten": {"lead|Seit", "lead: not the white space"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found := check("de", written(t, "de", append(germanSample(), tt.entry)...), sample())
			if len(found.wrong) == 0 || !strings.HasPrefix(found.wrong[0], tt.want) {
				t.Errorf("found %q, want %q", found.wrong, tt.want)
			}
		})
	}
}

// TestCheckNumber is about forms that one number alone takes: they may name it
// in a word.
func TestCheckNumber(t *testing.T) {
	for lang, tests := range map[string]map[string]bool{
		"de": {"days|ein Tag|%(n)d Tage": true, "days|%(n)d Tag|einige Tage": false},
		"fr": {"days|un jour|%(n)d jours": false, "days|%(n)d jour|%(n)d jours": true},
		"pl": {"days|jeden dzień|%(n)d dni|%(n)d dni": true},
		"ru": {"days|день|%(n)d дня|%(n)d дней": false},
		"ar": {"days|a|b|c|%(n)d d|%(n)d e|%(n)d f": true, "days|a|b|c|d|%(n)d e|%(n)d f": false},
		"ja": {"days|一日": false, "days|%(n)d日": true},
	} {
		for entry, want := range tests {
			found := check(lang, written(t, lang, entry), sample())
			if (len(found.wrong) == 0) != want {
				t.Errorf("%s %s: %q", lang, entry, found.wrong)
			}
		}
	}
}

func TestCheckWhole(t *testing.T) {
	file := written(t, "de", "title|Anmelden")
	file.Entries[0].Context = "gone"
	file.Header = header("fr", "nplurals=2; plural=(n > 1);")
	found := check("de", file, sample())
	if got := strings.Join(found.missing, " "); got != "days lead lines taken" {
		t.Errorf("missing are %s", got)
	}
	for i, want := range []string{"Plural-Forms has to be", "the header says that the language is \"fr\"", "line 0: there is no text \"gone\""} {
		if len(found.wrong) <= i || !strings.HasPrefix(found.wrong[i], want) {
			t.Errorf("found %q, want %s", found.wrong, want)
		}
	}
	if found := check("de", &po.File{}, sample()); len(found.wrong) != 1 {
		t.Errorf("without a header: %+v", found)
	}
}

// TestMerge follows one catalogue while the English changes.
func TestMerge(t *testing.T) {
	texts := sample()
	file := written(t, "de", germanSample()...)
	file.Entries[0].Comments = []string{"# Seen by two."} // days

	texts["title"] = doorward.Text{Text: "Log in"}
	texts["days"] = doorward.Text{Text: "one day", Plural: "%(n)d days"}
	texts["added"] = doorward.Text{Text: "New"}
	delete(texts, "lines")
	file = again(t, file, texts)
	want := `msgctxt "added"
msgid "New"
msgstr ""

# Seen by two.
#  was: %(n)d Tag
#  was: %(n)d Tage
msgctxt "days"
msgid "one day"
msgid_plural "%(n)d days"
msgstr[0] ""
msgstr[1] ""

msgctxt "lead"
msgid "Since "
msgstr "Seit "

msgctxt "taken"
msgid "The name %(name)s is taken."
msgstr "Der Name %(name)s ist vergeben."

#  was: Anmelden
msgctxt "title"
msgid "Log in"
msgstr ""
`
	if _, got, _ := strings.Cut(string(file.Format()), "\n\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := again(t, file, texts); string(got.Format()) != string(file.Format()) {
		t.Errorf("a second run changes it:\n%s", got.Format())
	}
	texts["title"] = doorward.Text{Text: "Come in"} // again, before anybody has translated
	file = again(t, file, texts)
	if !strings.Contains(string(file.Format()), "#  was: Anmelden\n") {
		t.Error("the translation of before the last is lost")
	}
	file.Entries[4].Str[0] = "Eintreten"
	if got := string(again(t, file, texts).Format()); strings.Contains(got, "#  was: Anmelden") || !strings.Contains(got, "Eintreten") {
		t.Errorf("translated anew it is\n%s", got)
	}
	texts["title"] = doorward.Text{Text: "Enter"} // before that was merged
	if got := string(again(t, file, texts).Format()); strings.Contains(got, "Anmelden") || !strings.Contains(got, "#  was: Eintreten\n") {
		t.Errorf("of two old translations both are kept:\n%s", got)
	}
}

// again merges what was written and read.
func again(t *testing.T, file *po.File, texts map[string]doorward.Text) *po.File {
	t.Helper()
	old, err := po.Parse("de.po", file.Format())
	if err != nil {
		t.Fatal(err)
	}
	out, err := merge("de", old, texts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRules(t *testing.T) {
	for lang, field := range rules() {
		if _, err := po.Compile(field); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var first, second strings.Builder
	if err := run(t.Context(), &first, dir, []string{"ja", "ar"}); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	if err := run(t.Context(), &second, dir, nil); err != nil {
		t.Fatal(err)
	}
	if len(before) != 3 || first.String() != second.String() || !strings.HasPrefix(first.String(), "ar: ") {
		t.Errorf("%d files; the first run says\n%s\nthe second\n%s", len(before), first.String(), second.String())
	}
	for name, text := range contents(t, dir) {
		if before[name] != text {
			t.Errorf("the second run changes %s", name)
		}
	}
	if err := run(t.Context(), &second, dir, []string{"tlh"}); err == nil {
		t.Error("a language whose plural is not known was begun")
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(data)
	}
	return out
}
