package otp_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/otp"
)

const plainSecret = "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT"

func TestBase32(t *testing.T) {
	tests := []struct {
		name          string
		key           []byte
		want, grouped string
	}{
		{"twenty bytes", plainKey(), plainSecret, "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT"},
		{"no padding", []byte("abcdefghijkl"), "MFRGGZDFMZTWQ2LKNNWA", "MFRG-GZDF-MZTW-Q2LK-NNWA"},
		{"a last group of two", []byte("a"), "ME", "ME"},
		{"a last group of one", []byte("abc"), "MFRGG", "MFRG-G"},
		{"nothing", nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := otp.Base32(tt.key); got != tt.want {
				t.Errorf("Base32 = %q, want %q", got, tt.want)
			}
			if got := otp.Grouped(tt.key); got != tt.grouped {
				t.Errorf("Grouped = %q, want %q", got, tt.grouped)
			}
		})
	}
}

func TestURI(t *testing.T) {
	const middle = "?secret=" + plainSecret + "&issuer="
	tests := []struct {
		name, issuer, account, want string
	}{
		{"plain", "Example", "joe@example.com", "Example:joe@example.com" + middle + "Example"},
		{"ampersand and spaces", "A & B", "joe", "A%20%26%20B:joe" + middle + "A%20%26%20B"},
		{"umlauts", "Ünïcode", "Unknown", "%C3%9Cn%C3%AFcode:Unknown" + middle + "%C3%9Cn%C3%AFcode"},
		{"plus", "a+b", "joe+x@example.com", "a%2Bb:joe%2Bx@example.com" + middle + "a%2Bb"},
		{"quotes", `"Ex"`, "o'neil", "%22Ex%22:o%27neil" + middle + "%22Ex%22"},
		{"percent", "100%", "50%40", "100%25:50%2540" + middle + "100%25"},
		{"slash", "a/b", "c/../d", "a%2Fb:c%2F..%2Fd" + middle + "a%2Fb"},
		{"question mark", "who?", "joe?x=y", "who%3F:joe%3Fx%3Dy" + middle + "who%3F"},
		{"hash", "#1", "joe#2", "%231:joe%232" + middle + "%231"},
		{"at sign", "a@b", "@joe", "a@b:@joe" + middle + "a@b"},
		{"unreserved", "a-b_c.d~e", "0", "a-b_c.d~e:0" + middle + "a-b_c.d~e"},
		{"a second parameter", "x&secret=AAAA", "joe", "x%26secret%3DAAAA:joe" + middle + "x%26secret%3DAAAA"},
		{"line break", "a\r\nb", "joe", "a%0D%0Ab:joe" + middle + "a%0D%0Ab"},
		{"no issuer", "", "joe", "joe?secret=" + plainSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := otp.URI(plainKey(), tt.issuer, tt.account)
			if err != nil {
				t.Fatal(err)
			}
			if want := "otpauth://totp/" + tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestURIRefuses(t *testing.T) {
	tests := []struct {
		name, issuer, account string
	}{
		{"colon in the issuer", "Exam:ple", "joe"},
		{"colon in the account", "Example", "joe:ann"},
		{"colon without an issuer", "", "Bank:ann"},
		{"no account", "Example", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := otp.URI(plainKey(), tt.issuer, tt.account)
			if err == nil || got != "" {
				t.Fatalf("got %q and error %v", got, err)
			}
			if strings.Contains(err.Error(), plainSecret) {
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
}

func FuzzURI(f *testing.F) {
	f.Add(plainKey(), "Example", "joe@example.com")
	f.Add([]byte{1}, "A & B", "joe+x@example.com")
	f.Add([]byte{}, "Ünïcode", `"50%20"/?#`)
	f.Add([]byte{0xff}, "", "%3A")
	f.Add([]byte("key"), "a:b", "\x00\xff")
	f.Fuzz(func(t *testing.T, key []byte, issuer, account string) {
		uri, err := otp.URI(key, issuer, account)
		if err != nil {
			if account != "" && !strings.Contains(issuer+account, ":") {
				t.Fatalf("%q, %q: %v", issuer, account, err)
			}
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		label := "/" + account
		if issuer != "" {
			label = "/" + issuer + ":" + account
		}
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != label || u.Fragment != "" {
			t.Errorf("%s: host %q, path %q, want %q", uri, u.Host, u.Path, label)
		}
		q, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		if q.Get("secret") != otp.Base32(key) || q.Get("issuer") != issuer || len(q["secret"]) != 1 || len(q["issuer"]) > 1 {
			t.Errorf("%s: parameters %v", uri, q)
		}
		if strings.ContainsAny(uri, "+ ") {
			t.Errorf("%s has a space or a plus", uri)
		}
	})
}
