package phone_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/sms/phone"
)

func TestE164(t *testing.T) {
	tests := map[string]struct{ region, typed, want string }{
		"US in brackets":          {"US", "(415) 555-2671", "+14155552671"},
		"US with spaces":          {"US", " 415 555 2671 ", "+14155552671"},
		"US with dots":            {"US", "415.555.2671", "+14155552671"},
		"US with country code":    {"US", "1 415 555 2671", "+14155552671"},
		"US in full":              {"DE", "+1 415-555-2671", "+14155552671"},
		"US without region":       {"", "415 555 2671", "+14155552671"},
		"US toll-free":            {"US", "800 234 5678", "+18002345678"},
		"DE mobile":               {"DE", "0151 23456789", "+4915123456789"},
		"DE with a slash":         {"DE", "030/901820", "+4930901820"},
		"DE dialled":              {"DE", "0049 151 23456789", "+4915123456789"},
		"DE dialled from the US":  {"US", "011 49 30 901820", "+4930901820"},
		"GB":                      {"GB", "020 7946 0958", "+442079460958"},
		"GB mobile":               {"GB", "07400 123456", "+447400123456"},
		"GB on a visiting card":   {"US", "+44 (0)20 7946 0958", "+442079460958"},
		"FR":                      {"FR", "06 12 34 56 78", "+33612345678"},
		"FR dialled":              {"FR", "0033 6 12 34 56 78", "+33612345678"},
		"FR in full":              {"US", "+33.6.12.34.56.78", "+33612345678"},
		"IN":                      {"IN", "081234 56789", "+918123456789"},
		"IN without trunk prefix": {"IN", "8123456789", "+918123456789"},
		"IN in full":              {"US", "+91 81234 56789", "+918123456789"},
		"BR":                      {"BR", "(11) 96123-4567", "+5511961234567"},
		"BR through a carrier":    {"BR", "0 15 11 96123 4567", "+5511961234567"},
		"BR in full":              {"US", "+55 11 96123 4567", "+5511961234567"},
		"IT keeps its zero":       {"IT", "06 1234 5678", "+390612345678"},
		"eight digits":            {"US", "+290 51234", "+29051234"},
		"full-width":              {"US", "＋４９　１５１　２３４５６７８９", "+4915123456789"},
		"Arabic-Indic":            {"AE", "٠٥٠ ١٢٣ ٤٥٦٧", "+971501234567"},
		"Eastern Arabic-Indic":    {"IR", "۰۹۱۲ ۳۴۵ ۶۷۸۹", "+989123456789"},
		"Devanagari":              {"IN", "०८१२३४५६७८९", "+918123456789"},
		"beyond sixteen bits":     {"US", "\U0001d7d2\U0001d7cf\U0001d7d3\U0001d7d3\U0001d7d3\U0001d7d3\U0001d7d0\U0001d7d4\U0001d7d5\U0001d7cf", "+14155552671"},
		"dashes of typography":    {"US", "415\u2011555\u20132671", "+14155552671"},
		"from an address book":    {"US", "\u202a+49 151 23456789\u202c", "+4915123456789"},
		"no-break spaces":         {"FR", "06\u00a012\u202f34\u00a056\u00a078", "+33612345678"},
		"unknown region, in full": {"xx", "+14155552671", "+14155552671"},
		"as long as it may be":    {"US", "4155552671" + strings.Repeat(" ", phone.MaxTyped-10), "+14155552671"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := phone.Parser{Region: tt.region}
			got, err := p.E164(tt.typed)
			if got != tt.want || err != nil {
				t.Fatalf("%q, %v; want %q", got, err, tt.want)
			}
			if again, err := p.E164(got); again != got || err != nil {
				t.Errorf("read again: %q, %v", again, err)
			}
		})
	}
}

func TestE164Refuses(t *testing.T) {
	tests := map[string]struct{ region, typed string }{
		"nothing":                    {"US", ""},
		"spaces":                     {"US", "   "},
		"a plus":                     {"US", "+"},
		"two pluses":                 {"US", "++14155552671"},
		"a plus inside":              {"US", "1+4155552671"},
		"too short":                  {"US", "555"},
		"too long a number":          {"US", "+1234567890123456"},
		"longer than the bound":      {"US", "4155552671" + strings.Repeat(" ", phone.MaxTyped-9)},
		"no area like that":          {"US", "015 555 2671"},
		"local number":               {"US", "555 2671"},
		"plus without country code":  {"US", "+4155552671"}, // 41 is Switzerland's
		"country code zero":          {"US", "+0 415 555 2671"},
		"unused country code":        {"US", "+999 123456789"},
		"unknown region":             {"xx", "415 555 2671"},
		"lower-case region":          {"us", "415 555 2671"},
		"letters":                    {"US", "1-800-FLOWERS"},
		"few letters":                {"US", "415 555 267l"},
		"Cyrillic letter":            {"US", "415 555 267\u0417"},
		"extension":                  {"US", "415 555 2671 ext. 5"},
		"extension with x":           {"US", "415 555 2671x5"},
		"extension with #":           {"US", "415 555 2671#5"},
		"extension after a pause":    {"US", "415 555 2671,5"},
		"extension of RFC 3966":      {"US", "tel:+14155552671;ext=5"},
		"link":                       {"US", "tel:+14155552671"},
		"context":                    {"US", "5552671;phone-context=+1415"},
		"two numbers":                {"US", "415 555 2671 / 415 555 2672"},
		"service code":               {"US", "*67 415 555 2671"},
		"superscripts":               {"US", "415555267\u00b9"},
		"Roman numeral":              {"US", "415555267\u2160"},
		"line feed":                  {"US", "4155552671\n"},
		"NUL":                        {"US", "4155552671\x00"},
		"not UTF-8":                  {"US", "4155552671\xff"},
		"no digits":                  {"US", "٫٫٫٫٫٫٫٫"},
		"emergency US":               {"US", "911"},
		"emergency US, full-width":   {"US", "９１１"},
		"emergency US, in full":      {"US", "+1 911"},
		"emergency DE":               {"DE", "110"},
		"emergency everywhere":       {"DE", "112"},
		"emergency GB":               {"GB", "999"},
		"emergency FR":               {"FR", "17"},
		"emergency IN":               {"IN", "100"},
		"emergency BR":               {"BR", "190"},
		"help line US":               {"US", "988"},
		"short code US":              {"US", "32665"},
		"short code DE":              {"DE", "11833"},
		"seven digits in all":        {"US", "+683 4000"},
		"premium US":                 {"US", "1-900-222-3333"},
		"premium DE":                 {"DE", "0900 1 234567"},
		"premium DE, Devanagari":     {"DE", "०९०० १ २३४५६७"},
		"premium GB":                 {"GB", "09012 345678"},
		"premium GB, service number": {"GB", "0844 123 4567"},
		"personal GB":                {"GB", "070 1234 5678"},
		"premium FR":                 {"FR", "0891 123456"},
		"premium of the world":       {"US", "+979 123456789"},
		"shared cost DE":             {"DE", "0180 5 123456"},
		"shared cost FR":             {"FR", "0821 123456"},
		"shared cost IN":             {"IN", "1860 123 4567"},
		"shared cost BR":             {"BR", "4004 1234"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := phone.Parser{Region: tt.region}.E164(tt.typed)
			if got != "" || err != phone.ErrInvalid {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for region, ok := range map[string]bool{
		"": true, "US": true, "DE": true, "GB": true, "XK": true,
		"us": false, "UK": false, "EU": false, "ZZ": false, "001": false, "Germany": false, "+49": false,
	} {
		err := phone.Parser{Region: region}.Check()
		if (err == nil) != ok {
			t.Errorf("%q: %v", region, err)
		}
		if !ok && (!strings.Contains(err.Error(), `"`+region+`"`) || len(err.Error()) > 80) {
			t.Errorf("%q does not help: %v", region, err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, region := range []string{"US", "DE", "BR", "IT", "JP"} {
				if _, err := (phone.Parser{Region: region}).E164("+4915123456789"); err != nil {
					t.Error(err)
				}
				_, _ = phone.Parser{Region: region}.E164("012345678")
			}
		})
	}
	all.Wait()
}

func FuzzE164(f *testing.F) {
	for _, seed := range []string{
		"+14155552671", "(415) 555-2671", "0151 23456789", "+44 (0)20 7946 0958", "0 15 11 96123 4567", "011 15-2345-6789",
		"٠٥٠١٢٣٤٥٦٧", "०८१२३४५६७८९", "＋４９１５１２３４５６７８９", "1-800-FLOWERS", "tel:+1;ext=5", "+800 12345678", "+390612345678",
		"+52 1 222 123 4567", "\xff\xfe", "+", "++", "0000000000", "+883510001234567", strings.Repeat("9", 65),
	} {
		for _, region := range []string{"US", "DE", "AR", "MX", "xx"} {
			f.Add(region, seed)
		}
	}
	shape := regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
	f.Fuzz(func(t *testing.T, region, typed string) {
		p := phone.Parser{Region: region}
		got, err := p.E164(typed)
		if err != nil {
			if got != "" || err != phone.ErrInvalid {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		if !shape.MatchString(got) || len(typed) > phone.MaxTyped {
			t.Fatalf("%q became %q", typed, got)
		}
		for _, other := range []string{region, "US", "DE"} {
			if again, err := (phone.Parser{Region: other}).E164(got); again != got || err != nil {
				t.Fatalf("%q became %q and then, in %q, %q, %v", typed, got, other, again, err)
			}
		}
	})
}
