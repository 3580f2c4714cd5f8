package flaskcompat

import (
	"bytes"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/codec"
)

// The keys of a session that have a place in [codec.Cookie].
const (
	keyUser      = "_user_id"
	keyFresh     = "_fresh"
	keyMark      = "_id"
	keyAuthn     = "fs_paa"
	keyGrace     = "fs_gexp"
	keyRemember  = "_remember"
	keyPermanent = "_permanent"
	keyCSRF      = "csrf_token"
	keyFlashes   = "_flashes"
	keyOwn       = "_doorward"
)

var knownKeys = [...]string{keyUser, keyFresh, keyMark, keyAuthn, keyGrace, keyRemember, keyPermanent, keyCSRF, keyFlashes, keyOwn}

// csrfKey is the key of the CSRF secret: Flask-WTF calls it as it calls the field of a
// form.
type csrfKey string

// fits reports whether nothing else goes by it.
func (k csrfKey) fits() bool {
	return k == keyCSRF || !slices.Contains(knownKeys[:], string(k)) && !endsWith(string(k)) && !slices.Contains(tags[:], string(k)) && utf8.ValidString(string(k))
}

// standard turns the name of a key into what it is if the field is called as ever.
func (k csrfKey) standard(name string) string {
	switch name {
	case string(k):
		return keyCSRF
	case keyCSRF:
		return "" // the application's
	}
	return name
}

// Flask says of what JSON has no type for what it is: in an object with a single key,
// which is one of these.
var tags = [...]string{" di", tagTuple, " b", tagMarkup, " u", " d"}

const (
	tagTuple  = " t"
	tagMarkup = " m"
)

// reading turns the JSON object of a session into a cookie.
//
// The cookie is refused where two languages might read two users: no key that is
// known may be there twice, and no user is half a surrogate pair. He is text, or
// the digits of an integer, which old applications have and the original takes for
// them; null is nobody, and anything else is refused. Of the other keys only what the
// original writes counts: _fresh is false unless it is true, and a time that is no
// number is not known.
type reading struct {
	scanner
	signed time.Time
	csrf   csrfKey
	cookie codec.Cookie
	rest   leftover
	seen   uint16 // which of knownKeys
}

// readSession reports false for what is no session.
func readSession(payload []byte, at time.Time, csrf csrfKey) (codec.Cookie, bool) {
	if !utf8.Valid(payload) { // Python would not read it either
		return codec.Cookie{}, false
	}
	r := reading{scanner: scanner{in: payload}, signed: at, csrf: csrf}
	r.space()
	r.expect('{')
	for first := true; r.more('}', first); first = false {
		r.member()
	}
	r.space()
	if r.bad || r.at < len(payload) {
		return codec.Cookie{}, false
	}
	return r.finish(), true
}

// finish leaves out what means nothing without a user: the original marks the
// sessions of all visitors as not fresh.
func (r *reading) finish() codec.Cookie {
	c := r.cookie
	if c.AuthnAt.Unix() < 1 {
		c.AuthnAt = time.Time{}
	}
	if c.User == "" {
		c.Fresh, c.Mark, c.AuthnAt, c.GraceUntil = false, "", time.Time{}, time.Time{}
	}
	if rest := r.rest; c.User != "" || !rest.empty() {
		rest.user, rest.csrf = c.User, c.CSRF
		c.Rest = &rest
	}
	return c
}

func (r *reading) member() {
	from := r.at
	key := r.key()
	value := r.value(maxDepth - 1)
	if r.bad {
		return
	}
	name, ok := plain(key)
	if !ok {
		name = string(key) // half a surrogate pair: the application's
	}
	name = r.csrf.standard(name)
	if slices.Contains(tags[:], name) || r.again(name) {
		r.bad = true // a tag alone would not be a key, but say what the whole object is
		return
	}
	if !r.known(name, value) {
		r.rest.members = append(r.rest.members, member{name, r.in[from:r.at]})
	}
}

// again reports whether a key that is known was there before.
func (r *reading) again(name string) bool {
	i := slices.Index(knownKeys[:], name)
	if i < 0 {
		return false
	}
	before := r.seen
	r.seen |= 1 << i
	return r.seen == before
}

// known reports whether a member has found its place in the cookie. All others are
// kept as they are.
func (r *reading) known(name string, value []byte) bool {
	c := &r.cookie
	switch name {
	case keyUser:
		r.user(value)
	case keyFresh:
		c.Fresh = string(value) == "true"
	case keyMark:
		c.Mark, _ = plain(value)
	case keyAuthn:
		c.AuthnAt = readAuthnAt(value, r.signed)
	case keyGrace:
		c.GraceUntil = grace(value)
	case keyPermanent:
		c.Permanent = string(value) == "true"
	case keyRemember:
		op, _ := plain(value)
		c.Forget = op == opClear
		return c.Forget
	case keyCSRF:
		var ok bool
		if c.CSRF, ok = readSecret(value); !ok {
			c.CSRF = nil // of another application's form: our tokens could not stand for it
		}
		return ok
	case keyFlashes:
		return r.flashes(value)
	case keyOwn:
		var ok bool
		if c.Own, ok = plain(value); !ok {
			r.bad = true // without, the session would count as one that the other side began
		}
	default:
		return false
	}
	return true
}

func (r *reading) user(value []byte) {
	text, ok := plain(value)
	if isInteger(value) {
		text, ok = string(value), true
	}
	r.cookie.User = text
	r.bad = ok && text != "" && !validUID(text) || !ok && string(value) != "null"
}

// isInteger reports whether a word is an integer of 64 bits or so. The original takes
// 0 for nobody, which is left to be refused.
func isInteger(value []byte) bool {
	value = bytes.TrimPrefix(value, []byte("-"))
	n := digits(value)
	return n > 0 && n < 20 && n == len(value) && value[0] != '0'
}

// grace reads a time that the original writes as an integer. Where the clock of its
// machine does not show UTC, it is hours ahead or behind.
func grace(value []byte) time.Time {
	seconds, _ := readNumber(value)
	return timeOf(math.Floor(seconds))
}

// flashes reads messages: tuples of a category and a text, which may be marked as
// HTML. Those that are something else stay for who knows what they are.
func (r *reading) flashes(value []byte) bool {
	s := scanner{in: value}
	if s.expect('['); s.bad {
		return false
	}
	for first := true; s.more(']', first); first = false {
		text := s.value(maxDepth)
		f, markup, ok := readFlash(text)
		switch {
		case !ok:
			r.rest.strange = append(r.rest.strange, text)
			continue
		case markup:
			r.rest.markup = append(r.rest.markup, marked{len(r.cookie.Flashes), f, text})
		}
		r.cookie.Flashes = append(r.cookie.Flashes, f)
	}
	return true
}

func readFlash(in []byte) (f codec.Flash, markup, ok bool) {
	pair, ok := tagged(in, `"`+tagTuple+`"`)
	s := scanner{in: pair, bad: !ok}
	s.expect('[')
	var parts [2]string
	for i := range parts {
		if !s.more(']', i == 0) {
			return f, false, false
		}
		value := s.value(maxDepth)
		if html, ok := tagged(value, `"`+tagMarkup+`"`); ok {
			value, markup = html, true
		}
		if parts[i], ok = plain(value); !ok {
			return f, false, false
		}
	}
	more := s.more(']', false)
	return codec.Flash{Category: parts[0], Text: parts[1]}, markup, !more && !s.bad
}

// tagged returns the value of the one key of an object, if it is the tag, in quotes.
func tagged(in []byte, tag string) (value []byte, ok bool) {
	s := scanner{in: in}
	s.expect('{')
	if !s.more('}', true) || string(s.key()) != tag {
		return nil, false
	}
	value = s.value(maxDepth)
	more := s.more('}', false)
	return value, !more && !s.bad
}
