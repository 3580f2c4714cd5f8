package address_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/doorward/doorward/address"
)

func TestNormalize(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as it is", "joe@example.com", "joe@example.com"},
		{"case of the local part is kept, of the domain not", "Joe.Quimby@EXAMPLE.com", "Joe.Quimby@example.com"},
		{"role mailbox", "PostMaster@example.com", "postmaster@example.com"},
		{"not quite a role mailbox", "PostMaster+x@example.com", "PostMaster+x@example.com"},
		{"looks like a role mailbox in lower case", "İnfo@example.com", "İnfo@example.com"},
		{"local part is composed", "joe\u0301@example.com", "jo\u00e9@example.com"},
		{"domain from its A-label", "joe@xn--bcher-kva.example.com", "joe@bücher.example.com"},
		{"domain from its U-label", "joe@BÜCHER.example.com", "joe@bücher.example.com"},
		{"fullwidth domain", "joe@ｅｘａｍｐｌｅ。com", "joe@example.com"},
		{"all the symbols", "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"},
		{"254 octets", strings.Repeat("a", 242) + "@example.com", strings.Repeat("a", 242) + "@example.com"},
		{"255 octets", strings.Repeat("a", 243) + "@example.com", ""},
		{"254 characters but more octets", strings.Repeat("ä", 242) + "@example.com", ""},
		{"megabyte", strings.Repeat("a", 1<<20) + "@example.com", ""},
		{"empty", "", ""},
		{"fullwidth at sign in the domain", "v@x＠evil.com", ""},
		{"fullwidth at sign in the local part", "v＠x@evil.com", ""},
		{"small commercial at", "v﹫x@evil.com", ""},
		{"fullwidth comma", "joe，jim@example.com", ""},
		{"space that compatibility makes", "joe\u00b4@example.com", ""},
		{"ellipsis", "j…e@example.com", ""},
		{"two at signs", "joe@evil.com@example.com", ""},
		{"header injection", "joe@example.com\r\nBcc: x@example.com", ""},
		{"line break in the local part", "joe\r\nBcc:x@example.com", ""},
		{"NUL", "joe\x00@example.com", ""},
		{"NUL in the domain", "joe@example.com\x00", ""},
		{"not UTF-8", "joe\xff@example.com", ""},
		{"space before", " joe@example.com", ""},
		{"space after", "joe@example.com ", ""},
		{"display name", "Joe <joe@example.com>", ""},
		{"quoted", `"joe q"@example.com`, ""},
		{"comment", "joe(x)@example.com", ""},
		{"IPv4 literal", "joe@[127.0.0.1]", ""},
		{"IPv4", "joe@127.0.0.1", ""},
		{"soft hyphen", "joe@exa\u00admple.com", ""},
		{"zero-width space", "joe\u200b@example.com", ""},
		{"right-to-left override", "joe\u202e@example.com", ""},
		{"bidi rule", "joe@1אב.com", ""},
		{"emoji domain", "joe@😀.com", ""},
		{"no dot", "joe@example", ""},
		{"dot at the end", "joe@example.com.", ""},
		{"special use", "joe@a.test", ""},
		{"localhost", "joe@localhost", ""},
	}
	for _, tt := range tests {
		got, err := address.Normalize(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: Normalize(%q) = %q, %v; want %q", tt.name, tt.in, got, err, tt.want)
		}
		if err != nil && (!errors.Is(err, address.ErrInvalid) || strings.Contains(err.Error(), "joe")) {
			t.Errorf("%s: error %q", tt.name, err)
		}
	}
}

// TestReference compares with the validator of Flask-Security (testdata/reference.py).
// We differ where a compatibility form is another address.
func TestReference(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct{ Address, Normal string }
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	stricter := map[string]bool{"v＠x@evil.com": true, "j…e@example.com": true}
	for _, a := range list {
		got, _ := address.Normalize(a.Address)
		if stricter[a.Address] {
			a.Normal = ""
		}
		if got != a.Normal {
			t.Errorf("Normalize(%q) = %q, want %q", a.Address, got, a.Normal)
		}
	}
	if len(list) < 70 {
		t.Errorf("only %d addresses", len(list))
	}
}

func TestAllowLocal(t *testing.T) {
	o := address.Options{AllowLocal: true}
	for in, want := range map[string]string{"joe@localhost": "joe@localhost", "joe@A.Test": "joe@a.test",
		"joe@host.local": "joe@host.local", "joe@intranet": "", "joe@127.0.0.1": "", "joe@x y.test": ""} {
		if got, err := o.Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

// FuzzNormalize: a result is stable, short, of one shape and safe in a header.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"joe@example.com", "v@x＠evil.com", "é@xn--bcher-kva.de", "PostMaster@BÜCHER.de", "a@faß.de",
		"用户@例子.中国", "a..b@c.d", "a@b.c\r\nd", "ﬁ@example.com", "joe@אב.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, o := range []address.Options{{}, {AllowLocal: true}} {
			got, err := o.Normalize(s)
			if err != nil {
				if got != "" || !errors.Is(err, address.ErrInvalid) {
					t.Errorf("%q: %q, %v", s, got, err)
				}
				continue
			}
			if again, err := o.Normalize(got); again != got {
				t.Errorf("%q became %q and then %q, %v", s, got, again, err)
			}
			if len(got) > 254 || strings.Count(got, "@") != 1 || strings.ContainsAny(got, " ,;:<>()[]\"\\") ||
				strings.ContainsFunc(got, func(c rune) bool { return unicode.In(c, unicode.C, unicode.Z) }) {
				t.Errorf("%q became %q", s, got)
			}
		}
	})
}
