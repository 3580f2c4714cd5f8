package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scheme reads the hashes of one text format.
type scheme struct {
	name string
	// claims tells by its beginning whether a stored text is of this format.
	claims func(stored string) bool
	// parse reads it strictly and within the ceilings; it hashes nothing.
	parse func(limits *Config, stored string) (parsed, error)
}

// parsed is a stored hash that is safe to compute.
type parsed struct {
	scheme string
	work   work
	load   load
	check  func(secret []byte) bool
}

// storedMax bounds a stored hash; the longest that passlib writes has a salt of 1024 bytes.
const storedMax = 4096

// saltMax is passlib's bound for salts, in bytes.
const saltMax = 1024

const plaintextName = "plaintext"

// catalogue lists what this package can read; plaintext last.
func catalogue() []scheme {
	list := []scheme{
		{"argon2", prefix("$argon2id$", "$argon2i$", "$argon2d$"), parseArgon2},
		{bcryptName, prefix("$2a$", "$2b$", "$2y$"), parseBcrypt},
		{"bcrypt_sha256", prefix("$bcrypt-sha256$"), parseBcryptSHA256},
		{"scrypt", prefix("$scrypt$"), parseScrypt},
	}
	list = append(list, pbkdf2Schemes()...)
	list = append(list, shaCryptSchemes()...)
	list = append(list, djangoSchemes()...)
	return append(list, scheme{plaintextName, plaintextClaims, parsePlaintext})
}

func schemeNames() (names []string) {
	for _, s := range catalogue() {
		names = append(names, s.name)
	}
	return names
}

// accepted returns the schemes of PASSWORD_SCHEMES in order.
func (c *Config) accepted() ([]scheme, error) {
	all := catalogue()
	var list []scheme
	var errs []error
	for _, name := range c.Schemes {
		i := slices.IndexFunc(all, func(s scheme) bool { return s.name == name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("password: PASSWORD_SCHEMES: %q is not supported", name))
			continue
		}
		list = append(list, all[i])
	}
	for _, name := range c.SingleHash {
		if !slices.ContainsFunc(all, func(s scheme) bool { return s.name == name }) {
			errs = append(errs, fmt.Errorf("password: PASSWORD_SINGLE_HASH: %q is not supported", name))
		}
	}
	return list, errors.Join(errs...)
}

// parse finds the scheme of a stored hash and reads it.
func (h *Hasher) parse(stored string) (parsed, error) {
	if len(stored) > storedMax {
		return parsed{}, &HashError{Scheme: "unknown", Param: "length", Reason: reasonCeiling}
	}
	for _, s := range h.schemes {
		if !s.claims(stored) {
			continue
		}
		p, err := s.parse(&h.cfg, stored)
		if he, ok := errors.AsType[*HashError](err); ok {
			he.Scheme = s.name
		}
		p.scheme = s.name
		return p, err
	}
	for _, s := range catalogue() {
		if s.claims(stored) && s.name != plaintextName {
			return parsed{}, &HashError{Scheme: s.name, Reason: "is of a scheme that PASSWORD_SCHEMES does not list"}
		}
	}
	return parsed{}, &HashError{Scheme: "unknown", Reason: "is of no scheme that PASSWORD_SCHEMES lists"}
}

func prefix(any ...string) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(any, func(p string) bool { return strings.HasPrefix(s, p) })
	}
}

// number reads decimal digits without sign or leading zero. The ceiling is told apart
// from garbage, because an operator can raise it.
func number(param, s string, min, max int) (int, error) {
	if s == "" || len(s) > 10 || (len(s) > 1 && s[0] == '0') {
		return 0, malformed(param)
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, malformed(param)
		}
		n = n*10 + int(s[i]-'0')
	}
	if n > max {
		return 0, &HashError{Param: param, Reason: reasonCeiling}
	}
	if n < min {
		return 0, malformed(param)
	}
	return n, nil
}

// numbers reads "a=1,b=2" with exactly the given names in order.
func numbers(s string, names []string, min, max []int) ([]int, error) {
	fields := strings.Split(s, ",")
	if len(fields) != len(names) {
		return nil, malformed("parameters")
	}
	out := make([]int, len(names))
	for i, name := range names {
		text, ok := strings.CutPrefix(fields[i], name+"=")
		if !ok {
			return nil, malformed(name)
		}
		n, err := number(name, text, min[i], max[i])
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// decode reads base64 whose every bit counts; the standard decoder alone would skip
// line breaks.
func decode(param string, enc *base64.Encoding, s string, min, max int) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, malformed(param)
	}
	b, err := enc.Strict().DecodeString(s)
	if err != nil || len(b) < min || len(b) > max {
		return nil, malformed(param)
	}
	return b, nil
}

// only tells whether s has min to max characters, all from the alphabet.
func only(s, alphabet string, min, max int) bool {
	return len(s) >= min && len(s) <= max && strings.Trim(s, alphabet) == ""
}

const (
	digits    = "0123456789"
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	hash64    = "./" + digits + letters // alphabet of crypt and bcrypt
	hexDigits = digits + "abcdef"
)
