package pysettings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
)

func parse(t testing.TB, source string) *pysettings.File {
	t.Helper()
	f, err := pysettings.Parse([]byte(source))
	if err != nil {
		t.Fatalf("%q: %v", source, err)
	}
	return f
}

// show writes a value in one way.
func show(v pysettings.Value) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case pysettings.Bytes:
		return fmt.Sprintf("b%q", string(v))
	case pysettings.None:
		return "None"
	case time.Duration:
		return v.String()
	case pysettings.List:
		items := make([]string, len(v.Items))
		for i, item := range v.Items {
			items[i] = show(item)
		}
		return "[" + strings.Join(items, " ") + "]"
	case pysettings.Dict:
		var pairs []string
		for _, p := range v.Pairs {
			pairs = append(pairs, show(p.Key)+":"+show(p.Value))
		}
		return "{" + strings.Join(pairs, " ") + "}"
	case pysettings.Env:
		if v.Default == nil {
			return "$" + v.Name
		}
		return "$" + v.Name + "|" + show(v.Default)
	case pysettings.Ref:
		return "<" + v.Path + ">"
	}
	return fmt.Sprint(v)
}

// outcome writes settings and problems on one line.
func outcome(t testing.TB, source, part string) string {
	t.Helper()
	settings, problems, ok := parse(t, source).Settings(part)
	if !ok {
		return "no such part"
	}
	var out []string
	for _, s := range settings {
		out = append(out, s.Name+"="+show(s.Value))
	}
	for _, p := range problems {
		out = append(out, fmt.Sprintf("!%s@%d", p.Name, p.Line))
	}
	return strings.Join(out, "; ")
}

func TestValues(t *testing.T) {
	for source, want := range map[string]string{
		`'a'`: `"a"`, `"a" 'b'`: `"ab"`, `"""a` + "\n" + `"b" c"""`: `"a\n\"b\" c"`, `r'\d\''`: `"\\d\\'"`,
		`u'ä'`: `"ä"`, `'\x41\101\u00e9\U0001F600\t\q'`: `"AAé😀\t\\q"`, "'a\\\nb'": `"ab"`, `'\0'`: `"\x00"`,
		`b'\xff\u0041'`: `b"\xff\\u0041"`, `rb"\x"`: `b"\\x"`, `f"plain {{x}}"`: `"plain {x}"`,
		`f"{x}"`: "", `'\ud800'`: "", `'\N{BULLET}'`: "", `'\x4'`: "", `"a" b"c"`: "",

		`1`: "1", `1_000`: "1000", `0x1F`: "31", `0b11`: "3", `0o17`: "15", `00`: "0", `1.5`: "1.5", `.5`: "0.5", `1e3`: "1000", `-3`: "-3", `--3`: "3",
		`017`: "", `1__0`: "", `1_`: "", `1e999`: "", `0x`: "", `1j`: "", `9223372036854775808`: "", `-9223372036854775807 - 1`: "-9223372036854775808",
		`60 * 60 * 24`: "86400", `2 ** 10`: "1024", `-3 ** 2`: "-9", `2 ** 3 ** 2`: "512", `7 // -2`: "-4", `-7 % 3`: "2", `7 / 2`: "3.5", `1 << 2 + 3`: "32",
		`(1 + 2) * 3`: "9", `1 / 0`: "", `1 % 0`: "", `10 ** 10 ** 10`: "", `"a" * 10 ** 9`: "", `1 << 10 ** 9`: "", `"a" * 3`: `"aaa"`, `"a" * -1`: `""`,
		`True`: "true", `None`: "None", `"a" + "b"`: `"ab"`, `["a"] + ["b"]`: `["a" "b"]`, `"a" + 1`: "", `-"a"`: "",

		`[1, 'a', None,]`: `[1 "a" None]`, `()`: "[]", `(1)`: "1", `(1,)`: "[1]", `1, 2`: "[1 2]", `{1, 2}`: "[1 2]", `{}`: "{}", `{'a': {'b': [1]}, 2: 3}`: `{"a":{"b":[1]} 2:3}`,
		"[\n 1, # one\n 2\n]": "[1 2]", "1 + \\\n 2": "3", `dict(a=1, b="x")`: `{"a":1 "b":"x"}`, `set(["a"])`: `["a"]`, `tuple()`: "[]",
		`{**x}`: "", `[*x]`: "", `[x for x in y]`: "", `{[1]: 2}`: "", `{"a": 1, 2}`: "", `[1 2]`: "",

		`timedelta(days=1, hours=2)`: "26h0m0s", `datetime.timedelta(minutes=-1)`: "-1m0s", `timedelta(1, 30)`: "24h0m30s", `timedelta(hours=.5) * 2`: "1h0m0s",
		`timedelta(hours=1) - timedelta(minutes=1)`: "59m0s", `timedelta(days=2).total_seconds()`: "172800", `timedelta(days=10**9)`: "", `timedelta(years=1)`: "", `timedelta(days="1")`: "",

		`os.environ["A"]`: "$A", `os.environ.get("A")`: "$A", `os.environ.get("A", "b")`: `$A|"b"`, `os.getenv("A", default=5)`: "$A|5", `os.environ.get("A") or "b"`: `$A|"b"`,
		`os.environ.get("A", "c") or "b"`: `$A|"c"`, `int(os.environ.get("A", "25"))`: "$A|25", `int(os.environ.get("A") or 25)`: "$A|25", `bool(os.getenv("A"))`: "$A",
		`os.environ.get("A", None)`: "$A", `os.environ.get("A") + "b"`: "", `os.environ.get(1)`: "", `os.environ.get("A", f())`: "", `int(os.getenv("A", "b"))`: "",

		`f()`: "", `x.y()`: "", `lambda: 1`: "", `1 if a else 2`: "", `1 == 2`: "", `not 1`: "", `1 or 2`: "", `unheard_of`: "", `(y := 1)`: "", `...`: "", `a b`: "", `1 +`: "", `$`: "",
	} {
		got := outcome(t, "import os, datetime\nfrom datetime import timedelta\nX = "+source, "")
		switch {
		case want == "" && got != "!X@3":
			t.Errorf("%s is %s", source, got)
		case want != "" && got != "X="+want:
			t.Errorf("%s is %s, not %s", source, got, want)
		}
	}
}

func TestStatements(t *testing.T) {
	for source, want := range map[string]string{
		"A = 1; B = 2":                       "A=1; B=2",
		"A: int = 1\nB: str":                 "A=1",
		"A = B = 'x'":                        `A="x"; B="x"`,
		"a = 1\nB = a + 1":                   "B=2",
		"A = 1\nA = 2":                       "A=2",
		"A = 1\nA = f()":                     "!A@2",
		"A = f()\nA = 2":                     "A=2",
		"A = 1\nA += 2":                      "A=3",
		"A = ['a']\nA += ['b']":              `A=["a" "b"]`,
		"A += 2":                             "!A@1",
		"A = 1\ndel A":                       "!A@2",
		"A, B = 1, 2":                        "!A@1; !B@1",
		"A = 1\nA[0] = 2":                    "!A@2",
		"\"\"\"doc\n A = 1\n\"\"\"\nB = 1":   "B=1",
		"# A = 1\nB = 1 # C = 2":             "B=1",
		"import a\nA = a":                    "A=<a>",
		"from a.b import (c as d, e)\nA = d": "A=<a.b.c>",
		"from a import *\nA = 1":             "A=1; !@1",
		"from a import B":                    "!B@1",
		"from x import timedelta as td\nfrom datetime import timedelta as t\nA = td(1)\nB = t(1)": "B=24h0m0s; !A@3",
		"if x:\n  A = 1\nB = 2":                          "B=2; !A@2",
		"A = 1\nif x: A = 2\nB = A":                      "A=1; !A@2; !B@3",
		"for a in b:\n\tA = 1\nB = 2":                    "B=2; !A@2",
		"try:\n  import x\nexcept E:\n  x = None\nB = 2": "B=2",
		"if x:\n  app.config.from_pyfile('y')\nB = 2":    "B=2; !@2",
		"def f():\n  A = 1\nB = 2":                       "B=2",
		"@d\ndef f(): pass\nB = 2":                       "B=2",
		"A = 'x\nB = 2":                                  "B=2; !A@1",
		"A = (1, 2]\nB = 2":                              "B=2; !A@1",
		"A = 1)\nB = 2":                                  "B=2; !A@1",
		"A = 1\nB = (2,\nC = 3":                          "A=1; !B@2",
		"A = 1\nB = '''2\nC = 3":                         "A=1; !B@2",
		"A = ?\nB = 2":                                   "B=2; !A@1",
		"\ufeffA = 1\r\nB = 2\r":                         "A=1; B=2",
		"A = 1\n  B = 2":                                 "A=1; B=2",

		"app.config['A'] = 1":                                          "A=1",
		"app.config['A'] = f()":                                        "!A@1",
		"self.app.config[\"A\"] = 1":                                   "A=1",
		"app.config['A'] = 1\nB = app.config['A'] + 1":                 "A=1; B=2",
		"app.config.update(A=1, B=f(), C='x')":                         `A=1; C="x"; !B@1`,
		"app.config.update({'A': 1, 'B': f()}, C=3)":                   "A=1; C=3; !B@1",
		"d = {'A': 1}\napp.config.update(d)":                           "A=1",
		"d = {'A': 1}\napp.config.update(**d)":                         "A=1",
		"app.config.update(dict(A=1))":                                 "A=1",
		"app.config.update(load())":                                    "!@1",
		"app.config.from_mapping(\n  A=1,\n  B=f(),\n)":                "A=1; !B@3",
		"app.config |= {'A': 1}":                                       "A=1",
		"app.config.setdefault('A', 1)\napp.config.setdefault('A', 2)": "A=1",
		"app.config.from_object(__name__)\nA = 1":                      "A=1",
		"app.config.from_object('x.y')\nA = 1":                         "A=1; !@1",
		"app.secret_key = 'x'":                                         `SECRET_KEY="x"`,
		"app = make()\napp.config['A'] = 1\nB = app.config['A']":       "A=1; B=1",
		"other['A'] = 1\nB = 2":                                        "B=2; !A@1",
		"A = 1\napp.config |=":                                         "A=1; !@2",
		"A = 1\napp.config.setdefault(, 2)":                            "A=1",
		"A = 1\napp.config.update({,:,}, )":                            "A=1; !@2",
		"A = 1\napp.config.update(**)":                                 "A=1; !@2",
		"A = 1\nA +=":                                                  "!A@2",
		"app.run()\nA = 1":                                             "A=1",
	} {
		if got := outcome(t, source, ""); got != want {
			t.Errorf("%q is %s, not %s", source, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	const source = `
ROOT = "/x"
class Base:
    A = 1
    B = ROOT + "/b"
    C = f()
    def init(self):
        self.D = 4
    H = 9
class Other: C = 5; E = 6
class Computed(Base):
    @property
    def A(self):
        return 2
    class B: pass
class Config(Base, mixins.Other):
    A = Base.A + 1
    F: int = A
class Model(db.Model):
    name = Column(1)
app.config["G"] = 7
def create():
    LOCAL = 1
    app.config["H"] = 8
def helper():
    return 1
`
	f := parse(t, source)
	all := func(string) bool { return true }
	if got := fmt.Sprint(f.Classes(all), f.Functions()); got != "[Base Other Computed Config] [create]" {
		t.Error(got)
	}
	if got := f.Classes(func(name string) bool { return name == "E" }); fmt.Sprint(got) != "[Other Config]" {
		t.Error(got)
	}
	for part, want := range map[string]string{
		"":         `ROOT="/x"; G=7`,
		"Base":     `A=1; B="/x/b"; H=9; G=7; !C@6`,
		"Computed": `H=9; G=7; !C@6; !A@13; !B@15`,
		"Other":    "C=5; E=6; G=7",
		"Config":   `C=!; E=6; A=2; B="/x/b"; H=9; F=2; G=7; !C@6`,
		"create":   `ROOT="/x"; G=7; H=8`,
		"helper":   `ROOT="/x"; G=7`,
		"None":     "no such part",
	} {
		want = strings.Replace(want, "C=!; ", "", 1) // the first base has the last word on C, and is not understood
		if got := outcome(t, source, part); got != want {
			t.Errorf("%s is %s, not %s", part, got, want)
		}
	}
}

func TestProblemsHideSecrets(t *testing.T) {
	for source, want := range map[string]string{
		`LOGO = load("hush", 5)`:                              `LOGO = load("...", 5)`,
		`LOGO = hush_hush_hush_hush_hush_hush_hush_hush_hush`: "LOGO = ...",
		`NUMBER = f(12345678)`:                                "NUMBER = f(...)",
		`SECRET_KEY = hush`:                                   "",
		`DB_URL = hush`:                                       "",
		`A = f(password=hush)`:                                "",
		`A = f(KEYS["hush"])`:                                 "",
		`A = "hush`:                                           "",
		`SECURITY_LOGIN_URL = find("hush")`:                   `SECURITY_LOGIN_URL = find("...")`,
		`A = ` + strings.Repeat("x + ", 30):                   "A = x + x + x + x + x + x + x + x + x + x + x + x + x + x...",
	} {
		_, problems, _ := parse(t, source).Settings("")
		if len(problems) != 1 || problems[0].Text != want || strings.Contains(problems[0].Reason, "hush") {
			t.Errorf("%s: %+v", source, problems)
		}
	}
}

func TestNoPython(t *testing.T) {
	for name, source := range map[string]string{
		"large": strings.Repeat("#", 1<<20+1), "many names": strings.Repeat("A = 1\n", 3001), "many in blocks": strings.Repeat("if a: A = 1\n", 3001), "zero": "A\x00B", "UTF-16": "\xff\xfeA\x00", "Latin-1": "A = '\xe4'", "unheard of": "# coding: klingon\nA = 1",
	} {
		if _, err := pysettings.Parse([]byte(source)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if got := outcome(t, "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nA = '\xe4'", ""); got != `A="ä"` {
		t.Error(got)
	}
	for _, source := range []string{"", "<html>\n<p class=\"x\">A & B</p>", "{\"SECRET_KEY\": \"x\"}", "SECRET_KEY: hush", "%PDF-1.4", "[section]\nkey = value"} {
		if settings, _, ok := parse(t, source).Settings(""); !ok || len(settings) > 0 {
			t.Errorf("%q: %v", source, settings)
		}
	}
}

// TestHostile has files that would cost too much if they were believed.
func TestHostile(t *testing.T) {
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	for name, source := range map[string]string{
		"brackets":         "X = " + many(100000, "[") + many(100000, "]"),
		"open brackets":    "X = " + many(100000, "("),
		"open lines":       many(100000, "(\n"),
		"minuses":          "X = " + many(100000, "-") + "1",
		"powers":           "X = " + many(10000, "2**") + "2",
		"calls":            "X = " + many(10000, "int(") + "1" + many(10000, ")"),
		"doubled strings":  "A = 'xxxxxxxx'\n" + many(100, "A = A + A\n") + "X = A + A",
		"doubled lists":    "A = ['x']\n" + many(100, "A = [A, A]\n") + "X = [A, A]",
		"doubled dicts":    "A = {}\n" + many(100, "A = {1: A, 2: A}\n") + "X = {1: A, 2: A}",
		"long sums":        "a = 'x' * 60000\n" + many(1000, "b = a + 'y'\n") + "X = a + 'y'",
		"large number":     "X = " + many(1000, "9"),
		"diamonds":         "class A0: A = 1\nclass B0: A = 1\n" + diamonds(300) + "X = A299.Z",
		"itself":           "class A(A): pass\nX = A.Z",
		"many bases":       "class A(" + many(50000, "A,") + "): Z = 1\nX = A.Y",
		"nested strings":   "X = " + many(50000, `f"{`) + many(50000, `}"`),
		"conditions":       many(50000, "if x: y = 1\n") + "X = ?",
		"deep indentation": indents(1000) + "X = ?",
		"long families":    family(900) + many(30000, "x = A899.Q\n") + "X = A899.Q",
	} {
		t.Run(name, func(t *testing.T) {
			f := parse(t, source)
			f.Classes(func(string) bool { return false })
			settings, _, _ := f.Settings("")
			for _, s := range settings {
				if s.Name == "X" {
					t.Errorf("X = %.80s", show(s.Value))
				}
			}
		})
	}
}

func diamonds(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "class A%d(A%d, B%d): B = 1\nclass B%d(A%d, B%d): B = 2\n", i, i-1, i-1, i, i-1, i-1)
	}
	return b.String()
}

// family is of classes that inherit from up to 60 others each.
func family(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "class A%d(", i)
		for j := max(0, i-60); j < i; j++ {
			fmt.Fprintf(&b, "A%d,", j)
		}
		b.WriteString("): Z = 1\n")
	}
	return b.String()
}

func indents(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "if x:\n")
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, source := range []string{
		"A = 1", "class C(B): A = 'x'", "app.config.update(A=1, **{'B': 2})", "A = timedelta(days=1) * 2 + B", "from x import (a as b, *)",
		"if x:\n  A = f'{x}'\n", "A = os.environ.get('X') or int('5')", "\tA = {'a': [1, (2,), {3}], **b}", "A: int = lambda x=1: x; B += '''\n'''", "# coding: latin-1\n\xe4",
		"def f():\n app.config['A'] = 1", "A = [\n1,\n'", "A = b'\\xff' rb'\\'", "del A, app.config['B']", "A = 0x_1 ** -1 // 0", "class A(A): B = A.B",
	} {
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		file, err := pysettings.Parse(source)
		if err != nil {
			return
		}
		lines := strings.Count(string(source), "\n") + strings.Count(string(source), "\r") + 1
		for _, part := range append(append(file.Classes(func(string) bool { return true }), file.Functions()...), "") {
			settings, problems, ok := file.Settings(part)
			if !ok {
				t.Errorf("part %q is none", part)
			}
			seen := map[string]bool{}
			for _, s := range settings {
				if seen[s.Name] || s.Line < 1 || s.Line > lines {
					t.Errorf("%+v", s)
				}
				seen[s.Name] = true
				_ = show(s.Value)
			}
			for _, p := range problems {
				if p.Line < 1 || p.Line > lines || p.Reason == "" || len(p.Text) > 4*60 {
					t.Errorf("%+v", p)
				}
			}
		}
	})
}

// TestPieces reads what is left of files of which something is missing.
func TestPieces(t *testing.T) {
	const source = "from a import (b as c, *)\nclass C(B, m.D): A = 'x'; E: int = [1, (2,), {3: 4}]\ndel A, app.config['B']\n" +
		"app.config.update({'A': 1, **b}, B=f'{x}', **{'C': 2})\napp.config.setdefault('A', timedelta(days=1) * 2)\napp.config |= dict(A=1)\n" +
		"if x: A += int(os.environ.get('X', '5') or 1)\n@d\ndef f(a=1):\n app.config['A'] = lambda: 1 if x else C.A\napp.secret_key = b'\\xff' rb'\\'\n"
	for from := range source {
		for _, n := range []int{1, 2, 3, 8, len(source) - from} {
			f := parse(t, source[:from]+source[min(from+n, len(source)):])
			for _, part := range append(f.Classes(func(string) bool { return true }), "", "f") {
				f.Settings(part)
			}
		}
	}
}
