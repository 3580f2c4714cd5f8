package address

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

var (
	// ErrInvalid: the text is not an address. Errors that wrap it say why.
	ErrInvalid = errors.New("invalid e-mail address")
	// ErrUndeliverable: it is one, but its domain receives no mail.
	ErrUndeliverable = errors.New("undeliverable e-mail address")
)

// lengthMax is the limit of RFC 5321 section 4.5.3.1.3, in octets.
const lengthMax = 254

// Normalize returns the normal form under the default [Options]. An error wraps
// [ErrInvalid].
func Normalize(email string) (string, error) { return Options{}.Normalize(email) }

// Normalize returns the normal form of an address, the one to store and look up. An
// error wraps [ErrInvalid]. Normalising twice changes nothing.
func (o Options) Normalize(email string) (string, error) {
	a, err := o.parse(email)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return a.local + "@" + a.domain, nil
}

// parsed is an address in normal form; ascii is the domain as the DNS knows it.
type parsed struct{ local, domain, ascii string }

func (o Options) parse(email string) (parsed, error) {
	switch {
	case email == "":
		return parsed{}, errors.New("empty")
	case len(email) > 4*lengthMax: // bounds the work below; normal forms are checked again
		return parsed{}, errors.New("too long")
	case !utf8.ValidString(email):
		return parsed{}, errors.New("not UTF-8")
	}
	local, domain, ok := strings.Cut(email, "@")
	if !ok {
		return parsed{}, errors.New("no @")
	}
	local, err := localPart(local)
	if err != nil {
		return parsed{}, err
	}
	a := parsed{local: local}
	if a.domain, a.ascii, err = o.domain(domain); err != nil {
		return parsed{}, err
	}
	if len(local)+1+max(len(a.domain), len(a.ascii)) > lengthMax {
		return parsed{}, errors.New("too long")
	}
	return a, nil
}

// atext are the ASCII characters of RFC 5322 section 3.2.3 that need no quotes, and the dot.
const atext = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~."

// localPart returns a dot-atom (RFC 6531 lets it be Unicode) in NFC.
func localPart(s string) (string, error) {
	s = norm.NFC.String(s)
	if err := dotAtom(s); err != nil {
		return "", err
	}
	// Some system behind us will fold compatibility characters; the result must be an
	// address of the same shape there, or one text is two addresses.
	if err := dotAtom(norm.NFKC.String(s)); err != nil {
		return "", err
	}
	isASCII := !strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf })
	if lower := strings.ToLower(s); isASCII && slices.Contains(roleMailboxes(), lower) {
		return lower, nil // only ASCII: a dotted capital I has a plain i as its lower case
	}
	return s, nil
}

func dotAtom(s string) error {
	switch {
	case s == "":
		return errors.New("nothing before the @")
	case strings.HasPrefix(s, "."), strings.HasSuffix(s, "."), strings.Contains(s, ".."):
		return errors.New("a dot at an end or two in a row")
	}
	for i, c := range s {
		if c < utf8.RuneSelf {
			if !strings.ContainsRune(atext, c) {
				return errors.New("a character that is not allowed before the @")
			}
			continue
		}
		mark := unicode.Is(unicode.M, c)
		if mark && i == 0 || !mark && !unicode.In(c, unicode.L, unicode.N, unicode.P, unicode.S) {
			return errors.New("a character that is not allowed before the @")
		}
	}
	return nil
}

// roleMailboxes are the names of RFC 2142, which mean the same in any case.
func roleMailboxes() []string {
	return []string{"info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster",
		"hostmaster", "usenet", "news", "webmaster", "www", "uucp", "ftp"}
}

// domain returns the Unicode and the ASCII form.
func (o Options) domain(s string) (name, ascii string, err error) {
	if s == "" {
		return "", "", errors.New("nothing after the @")
	}
	if strings.ContainsFunc(s, func(c rune) bool { return unicode.In(c, unicode.C, unicode.Z) }) {
		return "", "", errors.New("a character that is not allowed in a domain") // UTS 46 would drop some
	}
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
		idna.ValidateLabels(true), idna.CheckHyphens(true), idna.CheckJoiners(true), idna.BidiRule(), idna.VerifyDNSLength(true))
	if ascii, err = profile.ToASCII(s); err != nil {
		return "", "", errors.New("not a domain name") // the cause repeats the domain
	}
	if name, err = profile.ToUnicode(ascii); err != nil || strings.ContainsFunc(name, notInDomain) {
		return "", "", errors.New("not a domain name")
	}
	labels := strings.Split(ascii, ".")
	top := labels[len(labels)-1]
	special := slices.Contains(specialDomains(), top)
	switch {
	case top == "":
		return "", "", errors.New("a domain that ends in a dot")
	case special && !o.AllowLocal:
		return "", "", errors.New("a domain for special use")
	case special:
		return name, ascii, nil
	case len(labels) < 2:
		return "", "", errors.New("a domain without a dot")
	}
	// A-labels of a top-level domain may end in a digit, other top-level domains may not:
	// that also keeps out IPv4 addresses.
	if last := top[len(top)-1]; (last < 'a' || last > 'z') && !strings.HasPrefix(top, "xn--") {
		return "", "", errors.New("a domain that does not end in a letter")
	}
	return name, ascii, nil
}

// notInDomain narrows UTS 46, which still admits the symbols of IDNA 2003, to about what
// RFC 5892 permits: letters, marks, digits, the hyphen and five by context.
func notInDomain(c rune) bool {
	return !unicode.In(c, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("-.\u00b7\u0375\u05f3\u05f4\u30fb", c)
}

// specialDomains are top-level domains that reach nobody.
func specialDomains() []string {
	return []string{"arpa", "invalid", "local", "localhost", "onion", "test"}
}
