package pysettings

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fault is why an expression is not understood, in words that repeat nothing of
// it.
type fault string

func (f fault) Error() string { return string(f) }

const (
	tooLarge   fault = "its value is too large"
	noNumber   fault = "a number cannot be read"
	noLiteral  fault = "a string cannot be read"
	filledIn   fault = "an f-string is filled in when the file runs"
	incomplete fault = "it cannot be read as Python"
)

// literal reads a number as it is written.
func literal(s string) (Value, error) {
	if len(s) > 64 {
		return nil, tooLarge
	}
	lower := strings.ToLower(s)
	if strings.HasSuffix(lower, "_") || strings.Contains(lower, "__") {
		return nil, noNumber
	}
	if strings.Trim(lower, "0_") == "" {
		return int64(0), nil
	}
	if n, err := strconv.ParseInt(lower, 0, 64); err == nil {
		if lower[0] == '0' && lower[1] >= '0' && lower[1] <= '7' {
			return nil, noNumber // Python has no such octal numbers
		}
		return n, nil
	} else if isRange(err) {
		return nil, tooLarge
	}
	if strings.HasPrefix(lower, "0x") || strings.ContainsAny(lower, "pnijkl") {
		return nil, noNumber
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(lower, "_", ""), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, noNumber
	}
	return f, nil
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

// unquote reads a string literal: a string or [Bytes].
func unquote(s string) (Value, error) {
	n := strings.IndexAny(s, `'"`)
	prefix, s := strings.ToLower(s[:n]), s[n:]
	quote := 1
	if len(s) >= 6 && s[0] == s[1] && s[1] == s[2] {
		quote = 3
	}
	s = strings.ReplaceAll(s[quote:len(s)-quote], "\r\n", "\n")
	isBytes := strings.Contains(prefix, "b")
	if !strings.Contains(prefix, "r") {
		var err error
		if s, err = unescape(s, isBytes); err != nil {
			return nil, err
		}
	}
	switch {
	case strings.Contains(prefix, "t"):
		return nil, filledIn
	case strings.Contains(prefix, "f"):
		return plainFormat(s)
	case isBytes:
		return Bytes(s), nil
	}
	return s, nil
}

// plainFormat reads an f-string in which nothing is filled in.
func plainFormat(s string) (Value, error) {
	bare := strings.NewReplacer("{{", "", "}}", "").Replace(s)
	if strings.ContainsAny(bare, "{}") {
		return nil, filledIn
	}
	return strings.NewReplacer("{{", "{", "}}", "}").Replace(s), nil
}

// unescape resolves backslashes.
func unescape(s string, isBytes bool) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for s != "" {
		before, after, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			break
		}
		n, err := escape(&b, after, isBytes)
		if err != nil {
			return "", err
		}
		s = after[n:]
	}
	return b.String(), nil
}

// escape writes what stands after a backslash, and returns how long it is.
func escape(b *strings.Builder, s string, isBytes bool) (int, error) {
	if s == "" {
		return 0, noLiteral
	}
	if i := strings.IndexByte("\n\\'\"abfnrtv", s[0]); i >= 0 {
		if i > 0 {
			b.WriteByte("\n\\'\"\a\b\f\n\r\t\v"[i])
		}
		return 1, nil
	}
	switch c := s[0]; {
	case c >= '0' && c <= '7':
		n := 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		return n, code(b, s[:n], 8, isBytes)
	case c == 'x':
		return digits(b, s, 2, isBytes)
	case c == 'u' && !isBytes:
		return digits(b, s, 4, false)
	case c == 'U' && !isBytes:
		return digits(b, s, 8, false)
	case c == 'N' && !isBytes:
		return 0, noLiteral
	}
	b.WriteByte('\\') // Python keeps what it does not know
	return 0, nil
}

func digits(b *strings.Builder, s string, n int, isBytes bool) (int, error) {
	if len(s) <= n {
		return 0, noLiteral
	}
	return n + 1, code(b, s[1:n+1], 16, isBytes)
}

func code(b *strings.Builder, s string, base int, isBytes bool) error {
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil {
		return noLiteral
	}
	if isBytes {
		b.WriteByte(byte(n))
		return nil
	}
	if r := rune(n); n <= utf8.MaxRune && utf8.ValidRune(r) {
		b.WriteRune(r)
		return nil
	}
	return noLiteral
}
