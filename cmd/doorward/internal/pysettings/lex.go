package pysettings

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	name kind = iota
	number
	text
	op
)

// token is a word of the source. A string literal is in text as it is written.
type token struct {
	kind kind
	text string
	line int
}

func (t token) is(op_ string) bool { return t.kind == op && t.text == op_ }

func (t token) word(w string) bool { return t.kind == name && t.text == w }

// line is a logical line: a statement, or several with semicolons.
type line struct {
	number, indent int
	tokens         []token
	bad            string // why its tokens cannot be trusted, or empty
}

// lexer takes a source apart.
type lexer struct {
	src  string
	pos  int
	line int // the line that pos is on

	depth []byte // the closing brackets that are waited for
	out   line
}

// lines returns the logical lines of a source. What follows a bracket or a
// string that nobody closes is not read: any reading of it would be a guess.
func lines(src string) []line {
	l := &lexer{src: src, line: 1}
	var all []line
	for l.pos < len(l.src) {
		if next := l.logical(); len(next.tokens) > 0 || next.bad != "" {
			all = append(all, next)
		}
	}
	return all
}

// logical reads up to the end of a logical line.
func (l *lexer) logical() line {
	l.out, l.depth = line{number: l.line, indent: l.indent()}, nil
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '\n':
			l.pos++
			l.line++
			if len(l.depth) == 0 {
				return l.out
			}
		case c == ' ' || c == '\t' || c == '\f' || c == '\r':
			l.pos++
		case c == '#':
			l.pos += until(l.src[l.pos:], "\n")
		case c == '\\' && strings.HasPrefix(strings.TrimPrefix(l.src[l.pos+1:], "\r"), "\n"):
			l.pos += 2 + len(l.src[l.pos+1:]) - len(strings.TrimPrefix(l.src[l.pos+1:], "\r"))
			l.line++
		default:
			l.token()
		}
	}
	if len(l.depth) > 0 && l.out.bad == "" {
		l.out.bad = "a bracket is opened that nobody closes; nothing after it was read"
	}
	return l.out
}

// indent measures and skips the space at the beginning of a line.
func (l *lexer) indent() int {
	n := 0
	for ; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case ' ':
			n++
		case '\t':
			n += 8 - n%8
		case '\f':
			n = 0
		default:
			return n
		}
	}
	return n
}

func until(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i
	}
	return len(s)
}

func (l *lexer) token() {
	rest := l.src[l.pos:]
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case unicode.IsLetter(r) || r == '_':
		n := strings.IndexFunc(rest, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '_'
		})
		if n < 0 {
			n = len(rest)
		}
		if n < len(rest) && (rest[n] == '\'' || rest[n] == '"') && isPrefix(rest[:n]) {
			l.quoted(n)
			return
		}
		l.add(name, n)
	case r >= '0' && r <= '9' || r == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		l.add(number, numberLength(rest))
	case r == '"' || r == '\'':
		l.quoted(0)
	default:
		l.operator(rest, size)
	}
}

// add takes n bytes as a token.
func (l *lexer) add(k kind, n int) {
	if l.out.bad == "" {
		l.out.tokens = append(l.out.tokens, token{k, l.src[l.pos : l.pos+n], l.line})
	}
	l.line += strings.Count(l.src[l.pos:l.pos+n], "\n")
	l.pos += n
}

func (l *lexer) operator(rest string, size int) {
	for _, long := range []string{
		"**=", "//=", ">>=", "<<=", "...", "->", ":=", "==", "!=", "<=", ">=", "**", "//", "<<", ">>",
		"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=",
	} {
		if strings.HasPrefix(rest, long) {
			l.add(op, len(long))
			return
		}
	}
	switch c := rest[0]; {
	case strings.IndexByte("([{", c) >= 0:
		l.depth = append(l.depth, ")]}"[strings.IndexByte("([{", c)])
		if len(l.depth) > maxDepth {
			l.out.bad = "its brackets are nested too deeply"
		}
	case strings.IndexByte(")]}", c) >= 0:
		if n := len(l.depth); n == 0 || l.depth[n-1] != c {
			l.out.bad, l.depth = "a bracket is closed that was not opened", nil
			l.pos += until(rest, "\n")
			return
		}
		l.depth = l.depth[:len(l.depth)-1]
	case strings.IndexByte(",:.;@=+-*/%&|^~<>", c) < 0:
		l.out.bad = "it is no Python"
		l.pos += size
		return
	}
	l.add(op, 1)
}

// numberLength is how far a number goes, and all that sticks to it.
func numberLength(s string) int {
	for i := range len(s) {
		c := s[i]
		sign := (c == '+' || c == '-') && i > 0 && (s[i-1] == 'e' || s[i-1] == 'E') && !strings.HasPrefix(strings.ToLower(s), "0x")
		if !sign && c != '.' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return i
		}
	}
	return len(s)
}

func isPrefix(s string) bool {
	switch strings.ToLower(s) {
	case "r", "b", "u", "f", "t", "br", "rb", "fr", "rf", "tr", "rt":
		return true
	}
	return false
}

// quoted takes a string literal whose quote comes after a prefix of n bytes.
func (l *lexer) quoted(n int) {
	rest := l.src[l.pos:]
	quote := rest[n : n+1]
	if strings.HasPrefix(rest[n:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	for i := n + len(quote); i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], quote):
			l.add(text, i+len(quote))
			return
		case rest[i] == '\\':
			i++
			if strings.HasPrefix(rest[i:], "\r\n") {
				i++
			}
		case rest[i] == '\n' && len(quote) == 1:
			l.out.bad, l.depth = "a string does not end on its line", nil
			l.pos += i
			return
		}
	}
	l.out.bad = "a string begins that nobody ends; nothing after it was read"
	l.pos = len(l.src)
}
