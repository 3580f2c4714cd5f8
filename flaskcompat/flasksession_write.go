package flaskcompat

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward/codec"
)

const (
	// keyScript is how far the original has got with the cookie in which scripts
	// find the CSRF token. Where it has none, the key stays as sign-in sets it.
	keyScript = "fs_cc"
	opSet     = "set"
	opClear   = "clear"
)

// leftover is what [codec.Cookie] has no place for, as the text it was, and what it is
// compared with when the cookie is written again.
type leftover struct {
	user    string
	csrf    []byte
	members []member
	markup  []marked
	strange [][]byte // messages of unknown form
}

// member is a key and a value. The name is the key's as [csrfKey.standard] has it.
type member struct {
	name string
	text []byte
}

// marked is a message that is HTML, and its place among all.
type marked struct {
	place int
	codec.Flash
	text []byte
}

func (l *leftover) empty() bool {
	return len(l.members)+len(l.markup)+len(l.strange) == 0
}

// ends reports whether the sign-in that the cookie told of is over: nobody is signed
// in any more, or somebody else, or the same user with a new secret, which he gets
// with every sign-in.
func (l *leftover) ends(c *codec.Cookie) bool {
	return c.User != l.user || c.User != "" && l.csrf != nil && !bytes.Equal(c.CSRF, l.csrf)
}

// endsWith reports whether a key goes with the sign-in. They are those that the
// original removes when it signs somebody out, or before it signs somebody in, so
// that the next one does not complete what another one began. The application's
// own are not among them.
func endsWith(name string) bool {
	switch name {
	case keyRemember, "_remember_seconds", keyScript, keyCSRF, "fs_oauth_next", "identity.name", "identity.auth_type":
		return true
	}
	return strings.HasPrefix(name, "tf_") // half a sign-in
}

// writeSession returns the JSON object of a session.
func writeSession(c codec.Cookie, csrf csrfKey) ([]byte, error) {
	rest, ok := c.Rest.(*leftover)
	if c.Rest != nil && !ok {
		return nil, errOtherRest
	}
	if err := fits(&c); err != nil {
		return nil, err
	}
	if rest == nil {
		rest = &leftover{}
	}
	w := writing{out: append(make([]byte, 0, 512), '{'), cookie: &c, csrf: csrf, rest: rest, over: rest.ends(&c)}
	w.signIn()
	w.visit()
	for _, m := range rest.members {
		if w.keeps(m.name) {
			w.raw(m.text)
		}
	}
	return append(w.out, '}'), nil
}

func fits(c *codec.Cookie) error {
	if c.User != "" && !validUID(c.User) || !utf8.ValidString(c.Mark) || !utf8.ValidString(c.Own) {
		return errNotText
	}
	if n := len(c.CSRF); n != 0 && n != sha1.Size {
		return errSecret
	}
	return nil
}

type writing struct {
	out    []byte
	cookie *codec.Cookie
	csrf   csrfKey
	rest   *leftover
	over   bool // the former sign-in is
}

// signIn writes what there is with a user only.
func (w *writing) signIn() {
	c := w.cookie
	if c.User == "" {
		return
	}
	w.text(keyUser, c.User)
	w.key(keyFresh)
	w.out = strconv.AppendBool(w.out, c.Fresh)
	if c.Mark != "" {
		w.text(keyMark, c.Mark)
	}
	if c.AuthnAt.Unix() > 0 {
		w.key(keyAuthn)
		w.out = appendSeconds(w.out, c.AuthnAt)
	}
	if c.GraceUntil.Unix() > 0 {
		w.key(keyGrace)
		w.out = strconv.AppendInt(w.out, c.GraceUntil.Unix(), 10)
	}
	if w.over {
		w.text(keyScript, opSet) // there is another token than before
	}
}

// visit writes what every visitor may have.
func (w *writing) visit() {
	c := w.cookie
	if c.Forget {
		w.text(keyRemember, opClear)
	}
	if c.Permanent {
		w.key(keyPermanent)
		w.out = append(w.out, "true"...)
	}
	if len(c.CSRF) > 0 {
		w.comma()
		w.out = append(quote(w.out, string(w.csrf)), ':')
		w.out = quote(w.out, hex.EncodeToString(c.CSRF))
	}
	if len(c.Flashes)+len(w.rest.strange) > 0 {
		w.key(keyFlashes)
		w.flashes()
	}
	if c.Own != "" {
		w.text(keyOwn, c.Own)
	}
}

// keeps reports whether a key that was found is written again.
func (w *writing) keeps(name string) bool {
	switch c := w.cookie; {
	case w.over && endsWith(name):
		return false
	case name == keyRemember:
		return !c.Forget
	case name == keyCSRF:
		return len(c.CSRF) == 0
	case name == keyFlashes:
		return len(c.Flashes) == 0
	}
	return true
}

// flashes writes messages, as HTML only those that were found as such.
func (w *writing) flashes() {
	w.out = append(w.out, '[')
	for _, text := range w.rest.strange {
		w.raw(text)
	}
	markup := w.rest.markup
	for i, f := range w.cookie.Flashes {
		found := len(markup) > 0 && markup[0].place == i
		if found && markup[0].Flash == f {
			w.raw(markup[0].text)
		} else {
			w.flash(f)
		}
		if found {
			markup = markup[1:]
		}
	}
	w.out = append(w.out, ']')
}

func (w *writing) flash(f codec.Flash) {
	w.comma()
	w.out = append(w.out, `{"`+tagTuple+`":[`...)
	w.out = quote(w.out, strings.ToValidUTF8(f.Category, "\uFFFD"))
	w.out = quote(append(w.out, ','), strings.ToValidUTF8(f.Text, "\uFFFD"))
	w.out = append(w.out, "]}"...)
}

func (w *writing) text(name, value string) {
	w.key(name)
	w.out = quote(w.out, value)
}

func (w *writing) key(name string) {
	w.comma()
	w.out = append(append(append(w.out, '"'), name...), `":`...)
}

func (w *writing) raw(text []byte) {
	w.comma()
	w.out = append(w.out, text...)
}

// comma separates from what was written before, if anything was.
func (w *writing) comma() {
	if last := w.out[len(w.out)-1]; last != '{' && last != '[' {
		w.out = append(w.out, ',')
	}
}
