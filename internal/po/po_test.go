package po_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/leonelquinteros/gotext"

	"github.com/doorward/doorward/internal/po"
)

const sound = `# Translators: see the glossary.
msgid ""
msgstr ""
"Language: de\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

# A comment.
#. for programs
#: login/texts.go:12
msgctxt "login_title"
msgid "Sign in"
msgstr "Anmelden"

#, fuzzy, c-format
msgctxt "LONG"
msgid ""
"Two \"quoted\" lines\n"
"and a tab\t."
msgstr ""
"Zwei »zitierte« Zeilen\n"
"und ein Tab\t."

msgctxt "duration_days"
msgid "%(n)d day"
msgid_plural "%(n)d days"
msgstr[0] "%(n)d Tag"
msgstr[1] ""
"%(n)d "
"Tage"

#~ msgid "Gone"
#~ msgstr "Weg"
`

func TestParse(t *testing.T) {
	f := parse(t, sound)
	if got := f.Field("language"); got != "de" {
		t.Errorf("Language is %q", got)
	}
	if len(f.Entries) != 3 || len(f.Comments) != 1 {
		t.Fatalf("%d entries, %d comments at the top", len(f.Entries), len(f.Comments))
	}
	if e := f.Entries[0]; e.Line != 11 || e.Context != "login_title" || !e.Translated() || !slices.Equal(e.Comments, []string{"# A comment."}) {
		t.Errorf("got %+v", e)
	}
	if e := f.Entries[1]; !e.Fuzzy || e.Translated() || e.ID != "Two \"quoted\" lines\nand a tab\t." {
		t.Errorf("got %+v", e)
	}
	if e := f.Entries[2]; e.Plural != "%(n)d days" || !slices.Equal(e.Str, []string{"%(n)d Tag", "%(n)d Tage"}) {
		t.Errorf("got %+v", e)
	}
}

// TestParseAsGotext compares with a reader that many programs use.
func TestParseAsGotext(t *testing.T) {
	theirs := gotext.NewPo()
	theirs.Parse([]byte(sound))
	have := theirs.GetDomain().GetCtxTranslations()
	for _, e := range parse(t, sound).Entries {
		their, ok := have[e.Context][e.ID]
		if !ok || their.PluralID != e.Plural || len(their.Trs) != len(e.Str) {
			t.Errorf("%s: %+v, gotext has %+v", e.Context, e, their)
			continue
		}
		for i, s := range e.Str {
			if their.Trs[i] != s {
				t.Errorf("%s: form %d is %q, gotext has %q", e.Context, i, s, their.Trs[i])
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a stray word":        {"msgid \"a\"\nmsgstr \"b\"\nhello\n", "x.po:3: "},
		"an unknown keyword":  {"msgid \"a\"\nmsgsrt \"b\"\n", "x.po:2: msgsrt"},
		"an open quote":       {"msgid \"a\nmsgstr \"b\"\n", "x.po:1: the text is not in double quotes"},
		"a bare quote inside": {"msgid \"a\"\nmsgstr \"b \"c\" d\"\n", "x.po:2: a quote"},
		"a bad escape":        {"msgid \"a\\q\"\nmsgstr \"b\"\n", "x.po:1: a quote or backslash"},
		"half a character":    {"msgid \"a\xff\"\n", "x.po:1: not UTF-8"},
		"bytes by escape":     {`msgid "\xff"`, "x.po:1: a quote or backslash"},
		"no msgstr":           {"\nmsgid \"a\"\n\nmsgid \"b\"\nmsgstr \"\"\n", "x.po:4: msgid"},
		"no msgstr at end":    {"\nmsgid \"a\"\n", "x.po:2: the entry has no msgstr"},
		"no msgid":            {"msgctxt \"a\"\nmsgstr \"b\"\n", "x.po:2: msgstr"},
		"a text before":       {"\"a\"\n", "x.po:1: a text that belongs to no entry"},
		"twice":               {"msgid \"a\"\nmsgstr \"\"\nmsgid \"a\"\nmsgstr \"\"\n", "x.po:3: the entry of line 1 again"},
		"a header later":      {"msgid \"a\"\nmsgstr \"\"\nmsgid \"\"\nmsgstr \"\"\n", "x.po:3: the header"},
		"forms of a singular": {"msgid \"a\"\nmsgstr[0] \"\"\n", "x.po:2: msgstr[0], where msgstr is expected"},
		"a plural unnumbered": {"msgid \"a\"\nmsgid_plural \"b\"\nmsgstr \"\"\n", "x.po:3: msgstr, where msgstr[0]"},
		"a form left out":     {"msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"\"\nmsgstr[2] \"\"\n", "x.po:4: msgstr[2], where msgstr[1]"},
		"an empty plural":     {"msgid \"a\"\nmsgid_plural \"\"\nmsgstr[0] \"\"\n", "x.po:1: the entry's msgid_plural"},
		"two msgstr":          {"msgid \"a\"\nmsgstr \"\"\nmsgstr \"\"\n", "x.po:3: msgstr"},
		"a comment between":   {"msgid \"a\"\n# b\nmsgstr \"\"\n", "x.po:2: a comment"},
		"another charset":     {"msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=ISO-8859-1\\n\"\n", "x.po:1: the header's charset"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := po.Parse("x.po", []byte(tt.text))
			var problem *po.Error
			if !errors.As(err, &problem) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	first := parse(t, sound).Format()
	second := parse(t, string(first)).Format()
	if string(first) != string(second) {
		t.Errorf("written again it is\n%s, before\n%s", second, first)
	}
	if !strings.Contains(string(first), "# A comment.\nmsgctxt \"login_title\"\nmsgid \"Sign in\"\nmsgstr \"Anmelden\"\n\n#, fuzzy\n") {
		t.Errorf("written as\n%s", first)
	}
}

// TestRules has the numbers that grammars give as examples.
func TestRules(t *testing.T) {
	tests := map[string]struct {
		field string
		forms map[int]int
	}{
		"Japanese": {"nplurals=1; plural=0;", map[int]int{0: 0, 1: 0, 5: 0}},
		"German":   {"nplurals=2; plural=(n != 1);", map[int]int{0: 1, 1: 0, 2: 1, -1: 0}},
		"French":   {"nplurals=2; plural=(n > 1);", map[int]int{0: 0, 1: 0, 2: 1, 1_000_000: 1}},
		"Russian": {"nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
			map[int]int{0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 12: 2, 14: 2, 21: 0, 22: 1, 25: 2, 101: 0, 111: 2, 112: 2, 1_000_000_021: 0}},
		"Polish": {"nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
			map[int]int{0: 2, 1: 0, 2: 1, 4: 1, 5: 2, 12: 2, 21: 2, 22: 1, 101: 2, 104: 1, 112: 2}},
		"Arabic": {"nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
			map[int]int{0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 11: 4, 99: 4, 100: 5, 102: 5, 103: 3, 111: 4}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rule, err := po.Compile(tt.field)
			if err != nil {
				t.Fatal(err)
			}
			got := map[int]int{}
			for n := range tt.forms {
				got[n] = rule.Form(n)
			}
			if !maps.Equal(got, tt.forms) {
				t.Errorf("forms are %v, want %v", got, tt.forms)
			}
		})
	}
}

func TestRulesRefused(t *testing.T) {
	for _, field := range []string{
		"nplurals=2", "nplurals=0; plural=0;", "nplurals=7; plural=0;", "plural=0;", "nplurals=2; plural=;",
		"nplurals=2; plural=n%0==1;", "nplurals=2; plural=n%00;", "nplurals=1; plural=(n != 1);", "nplurals=2; plural=system(n);",
		"nplurals=2; plural=n==1 ? 0 : n==2;", "nplurals=2; plural=();", "nplurals=3; plural=n==1 ? 0 : 3;",
		"nplurals=2; plural=" + strings.Repeat("(n!=1)||", 100) + "n==1;",
	} {
		if _, err := po.Compile(field); err == nil {
			t.Errorf("%.60q: no error", field)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sound)
	f.Add("msgid \"\"\nmsgstr \"Plural-Forms: nplurals=2; plural=n%10==1?0:1;\\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := po.Parse("x.po", []byte(text))
		if err != nil {
			return
		}
		if rule, ok, err := file.Rule(); ok && err == nil {
			for _, n := range []int{-1, 0, 1, 1 << 40} {
				if form := rule.Form(n); form < 0 || form >= rule.Forms() {
					t.Errorf("form %d for %d", form, n)
				}
			}
		}
		first := file.Format()
		again, err := po.Parse("x.po", first)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first)
		}
		if second := again.Format(); string(second) != string(first) {
			t.Errorf("written again it is\n%s, before\n%s", second, first)
		}
	})
}

func parse(t *testing.T, text string) *po.File {
	t.Helper()
	f, err := po.Parse("x.po", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}
