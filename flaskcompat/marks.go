package flaskcompat

import (
	"crypto/sha512"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// none is how Python writes that there is nothing.
const none = "None"

const hexDigits = "0123456789abcdef"

// Marks are hashes of address and browser, in the two forms that Flask-Login has
// had. The older one takes the address from X-Forwarded-For, as whoever asks sends
// it, so that who stole a cookie and knows the address of its owner passes for him:
// it protects no more than that in the original.
func (s *session) Marks(r *http.Request, client netip.Addr) []string {
	older, recent := olderMark(r), recentMark(r, client)
	if s.recent {
		return []string{recent, older}
	}
	return []string{older, recent}
}

// olderMark is that of Flask-Login up to 0.6: of the first address in
// X-Forwarded-For, else of the peer, and of the browser, both as Python prints bytes.
func olderMark(r *http.Request) string {
	address, ok := header(r, "X-Forwarded-For")
	if ok {
		address, _, _ = strings.Cut(address, ",")
		address = strings.Trim(address, " \t\n\v\f\r")
	} else {
		address = peer(r)
		ok = address != ""
	}
	agent, named := header(r, "User-Agent")
	text := append(appendBytes(make([]byte, 0, 256), address, ok), '|')
	return mark(appendBytes(text, agent, named))
}

// recentMark is that of later ones: of the address that the application takes for the
// client's, and of the browser.
func recentMark(r *http.Request, client netip.Addr) string {
	text := make([]byte, 0, 256)
	if client.IsValid() {
		text = client.Unmap().WithZone("").AppendTo(text)
	} else {
		text = append(text, none...)
	}
	text = append(text, '|')
	agent, _ := header(r, "User-Agent")
	for i := range len(agent) {
		text = appendLatin1(text, agent[i])
	}
	return mark(text)
}

func mark(text []byte) string {
	sum := sha512.Sum512(text)
	var out [2 * sha512.Size]byte
	hex.Encode(out[:], sum[:])
	return string(out[:])
}

// header returns the lines of a header as one, as WSGI servers do.
func header(r *http.Request, name string) (text string, ok bool) {
	lines := r.Header.Values(name)
	if len(lines) == 1 {
		return lines[0], true
	}
	return strings.Join(lines, ","), len(lines) > 0
}

// peer is the address of who has connected; "" if it has none.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	host, _, _ = strings.Cut(host, "%")
	return host
}

// appendBytes appends text as Python prints bytes: those of its UTF-8, after it was
// read as ISO 8859-1, as WSGI has it.
func appendBytes(out []byte, text string, ok bool) []byte {
	if !ok {
		return append(out, none...)
	}
	quote := byte('\'')
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		quote = '"'
	}
	out = append(out, 'b', quote)
	for i := range len(text) {
		out = appendByte(out, text[i], quote)
	}
	return append(out, quote)
}

func appendByte(out []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(out, '\\', c)
	case c == '\t':
		return append(out, `\t`...)
	case c == '\n':
		return append(out, `\n`...)
	case c == '\r':
		return append(out, `\r`...)
	case c >= ' ' && c < 0x7f:
		return append(out, c)
	}
	var raw [2]byte
	for _, b := range appendLatin1(raw[:0], c) {
		out = append(out, '\\', 'x', hexDigits[b>>4], hexDigits[b&0xF])
	}
	return out
}

// appendLatin1 appends the UTF-8 of a character of ISO 8859-1.
func appendLatin1(out []byte, c byte) []byte {
	if c < 0x80 {
		return append(out, c)
	}
	return append(out, 0xC0|c>>6, 0x80|c&0x3F)
}
