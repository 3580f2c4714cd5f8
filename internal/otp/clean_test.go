package otp_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/otp"
)

func TestClean(t *testing.T) {
	tests := []struct {
		name, in, want string // want is empty where the input is refused
	}{
		{"as it is", "123456", "123456"},
		{"leading zeros", "000042", "000042"},
		{"a space in the middle", "123 456", "123456"},
		{"spaces everywhere", " 1 2 3 4 5 6 ", "123456"},
		{"pasted with the line", "\t123456\r\n", "123456"},
		{"no-break space", "123\u00a0456", "123456"},
		{"thin and ideographic space", "123\u2009456\u3000", "123456"},
		{"dash", "123-456", "123456"},
		{"en dash, em dash", "12\u201334\u201456", "123456"},
		{"hyphen, non-breaking hyphen", "12\u201034\u201156", "123456"},
		{"minus sign, fullwidth hyphen", "12\u221234\uff0d56", "123456"},
		{"equals sign", "=123456=", "123456"},
		{"sixty-four bytes", strings.Repeat(" ", 58) + "123456", "123456"},

		{"sixty-five bytes", strings.Repeat(" ", 59) + "123456", ""},
		{"a thousand digits", strings.Repeat("1", 1000), ""},
		{"nothing", "", ""},
		{"separators only", " - = ", ""},
		{"five digits", "12345", ""},
		{"seven digits", "1234567", ""},
		{"letters", "abcdef", ""},
		{"a letter O", "12345O", ""},
		{"Arabic-Indic digits", "\u0661\u0662\u0663\u0664\u0665\u0666", ""},
		{"six bytes of three Arabic-Indic digits", "\u0661\u0662\u0663", ""},
		{"fullwidth digits", "\uff11\uff12\uff13\uff14\uff15\uff16", ""},
		{"six bytes of two fullwidth digits", "\uff11\uff12", ""},
		{"NUL inside", "123\x00456", ""},
		{"NUL after", "123456\x00", ""},
		{"NUL in the place of a digit", "12345\x00", ""},
		{"invalid UTF-8", "123456\xff", ""},
		{"plus sign", "+23456", ""},
		{"a fraction", "1234.5", ""},
		{"an exponent", "1234e5", ""},
		{"underscore", "123_456", ""},
		{"zero-width space", "123\u200b456", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := otp.Clean(tt.in)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Clean = %q, %t, want %q", got, ok, tt.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, in := range []string{"123456", "123 456", "12-34\u201356=", "\u0661\u0662\u0663", "\x00", "\xff12345", "1234567"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		code, ok := otp.Clean(in)
		if !ok {
			if code != "" {
				t.Fatalf("%q is refused and gives %q", in, code)
			}
			return
		}
		if len(in) > 64 || len(code) != otp.Digits || code != digitsOf(in) {
			t.Fatalf("%q gives %q", in, code)
		}
		if again, ok := otp.Clean(code); again != code || !ok {
			t.Fatalf("%q, cleaned again, gives %q", code, again)
		}
	})
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
