package flaskcompat

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep lists and objects may be nested in a session. The original
// gives up at several hundred levels, where Python's stack ends; nobody keeps a
// hundred.
const maxDepth = 100

// scanner walks over a JSON text as Python reads it: with NaN and Infinity, integers
// of any size and halves of surrogate pairs. It finds where values begin and end, once
// over each byte, and keeps the text of what nobody here understands.
type scanner struct {
	in  []byte
	at  int
	bad bool // once true, nothing is found any more
}

// more steps to the next member or element of what ends with end.
func (s *scanner) more(end byte, first bool) bool {
	if s.bad {
		return false
	}
	s.space()
	if s.peek() == end {
		s.at++
		return false
	}
	if !first {
		s.expect(',')
		s.space()
	}
	return !s.bad
}

// key returns the name of a member, in quotes, and stops at its value.
func (s *scanner) key() []byte {
	name := s.text()
	s.space()
	s.expect(':')
	s.space()
	return name
}

// value returns one value, which is nested up to depth levels.
func (s *scanner) value(depth int) []byte {
	if s.bad {
		return nil
	}
	from := s.at
	switch s.peek() {
	case '"':
		return s.text()
	case '{':
		s.skip('}', depth)
	case '[':
		s.skip(']', depth)
	default:
		s.word()
	}
	return s.in[from:s.at]
}

// skip passes over a list or an object.
func (s *scanner) skip(end byte, depth int) {
	if depth == 0 {
		s.bad = true
		return
	}
	s.at++
	for first := true; s.more(end, first); first = false {
		if end == '}' {
			s.key()
		}
		s.value(depth - 1)
	}
}

// text returns a string, in quotes.
func (s *scanner) text() []byte {
	from := s.at
	s.expect('"')
	for !s.bad {
		for s.at < len(s.in) && isPlain(s.in[s.at]) {
			s.at++
		}
		switch s.peek() {
		case '"':
			s.at++
			return s.in[from:s.at]
		case '\\':
			s.escape()
		default:
			s.bad = true
		}
	}
	return nil
}

// isPlain reports whether a byte in a string stands for itself.
func isPlain(c byte) bool { return c >= ' ' && c != '"' && c != '\\' }

func (s *scanner) escape() {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
	case 'u':
		if _, ok := hex4(s.in[s.at+1:]); ok {
			s.at += 5
			break
		}
		fallthrough
	default:
		s.bad = true
	}
}

// word passes over a number or a name.
func (s *scanner) word() {
	from := s.at
	for s.at < len(s.in) && !endsWord(s.in[s.at]) {
		s.at++
	}
	switch string(s.in[from:s.at]) {
	case "true", "false", "null", "NaN", "Infinity", "-Infinity":
	default:
		s.bad = s.bad || !isNumber(s.in[from:s.at])
	}
}

func isNumber(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("-"))
	whole := digits(text)
	if whole == 0 || whole > 1 && text[0] == '0' {
		return false
	}
	if text = text[whole:]; len(text) > 0 && text[0] == '.' {
		n := digits(text[1:])
		if n == 0 {
			return false
		}
		text = text[1+n:]
	}
	if len(text) == 0 {
		return true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return false
	}
	if text = text[1:]; len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	return len(text) > 0 && digits(text) == len(text)
}

// digits is how many there are in front.
func digits(text []byte) int {
	for i, c := range text {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(text)
}

func (s *scanner) space() {
	for s.at < len(s.in) && isSpace(s.in[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func endsWord(c byte) bool { return c == ',' || c == ']' || c == '}' || isSpace(c) }

// peek returns the next byte, or 0, which is no part of any JSON text.
func (s *scanner) peek() byte {
	if s.at >= len(s.in) {
		return 0
	}
	return s.in[s.at]
}

func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.bad = true
		return
	}
	s.at++
}

// plain returns what a scanned string says. Half of a surrogate pair is no text: as
// the replacement character it would make two users one.
func plain(quoted []byte) (text string, ok bool) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return "", false
	}
	in := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(in, '\\') < 0 {
		return string(in), true
	}
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); {
		if in[i] != '\\' {
			out = append(out, in[i])
			i++
			continue
		}
		r, n := unescape(in[i:])
		if r == utf8.RuneError && n == 0 {
			return "", false
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out), true
}

// unescape reads the escape in front, of n bytes; 0 for half a surrogate pair.
func unescape(in []byte) (r rune, n int) {
	switch in[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(in[1]), 2
	}
	r, _ = hex4(in[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(in) >= 12 && in[6] == '\\' && in[7] == 'u' {
		low, _ := hex4(in[8:])
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 0
}

func hex4(in []byte) (r rune, ok bool) {
	if len(in) < 4 {
		return 0, false
	}
	for _, c := range in[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
