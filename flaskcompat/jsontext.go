package flaskcompat

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// quote appends a text as Python's json does where it leaves what is not ASCII:
// other JSON would mean the same, but be other bytes.
func quote(dst []byte, text string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(text) {
		c := text[i]
		switch short := strings.IndexByte("\"\\\b\f\n\r\t", c); {
		case short >= 0:
			dst = append(dst, '\\', `"\bfnrt`[short])
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// appendList writes texts as a list.
func appendList(dst []byte, texts ...string) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = quote(dst, text)
	}
	return append(dst, ']')
}

// appendSeconds writes a time as Python writes a float of seconds; before 1970, and no
// time at all, is 0.0.
func appendSeconds(dst []byte, t time.Time) []byte {
	from := len(dst)
	dst = strconv.AppendFloat(dst, float64(max(t.UnixMicro(), 0))/1e6, 'f', -1, 64)
	if !strings.Contains(string(dst[from:]), ".") {
		dst = append(dst, ".0"...)
	}
	return dst
}

// readObject returns the members of an object by their exact names.
func readObject(payload []byte) (m map[string]json.RawMessage, ok bool) {
	ok = utf8.Valid(payload) && json.Unmarshal(payload, &m) == nil && m != nil
	return m, ok
}

// readList returns the elements of a list.
func readList(payload []byte) (list []json.RawMessage, ok bool) {
	ok = utf8.Valid(payload) && json.Unmarshal(payload, &list) == nil && list != nil
	return list, ok
}

// readText returns a text; null is none.
func readText(raw []byte) (text string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && utf8.Valid(raw) && json.Unmarshal(raw, &text) == nil
	return text, ok
}

// readUID returns what may be a uniquifier. Some databases know no NUL in a text.
func readUID(raw []byte) (uid string, ok bool) {
	uid, ok = readText(raw)
	return uid, ok && validUID(uid)
}

func validUID(uid string) bool {
	return uid != "" && utf8.ValidString(uid) && strings.IndexByte(uid, 0) < 0
}

// readNumber returns a JSON number, of those that are too great infinity.
func readNumber(raw []byte) (f float64, ok bool) {
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	return f, err == nil || math.IsInf(f, 0)
}

// timeOf is the time of so many seconds, and none for what is not in 1970 to 36812.
func timeOf(seconds float64) (t time.Time) {
	const end = 1 << 40
	if seconds > 0 && seconds < end {
		t = time.UnixMicro(int64(math.Round(seconds * 1e6)))
	}
	return t
}
