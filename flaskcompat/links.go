package flaskcompat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/codec"
)

// The kinds of links that the original has.
const (
	kindConfirm = "confirm"
	kindReset   = "reset"
	kindLogin   = "login"
	kindChange  = "change"
)

// links are the tokens of links in mails. Each is a list that begins with the
// uniquifier: that of a confirmation goes on with a hash of the address, that of a
// change with one of the former address and the new address itself, and that of a reset
// with one of the stored password hash, or null.
//
// The original looks at the first element of a reset or a sign-in only. What the
// engine binds a link to, and what goes with it, stands behind what it writes.
type links struct {
	signers map[string]*signer
	hashes  *linkHashes
	hash    func(text string) string // for what is written
}

func newLinks(cfg Config, secrets [][]byte) (*links, error) {
	hashes, err := newLinkHashes()
	if err != nil {
		return nil, err
	}
	return &links{hashes: hashes, hash: hashForLink, signers: map[string]*signer{
		kindConfirm: newSigner(cfg.ConfirmSalt, deriveConcat, secrets),
		kindReset:   newSigner(cfg.ResetSalt, deriveConcat, secrets),
		kindLogin:   newSigner(cfg.LoginSalt, deriveConcat, secrets),
		kindChange:  newSigner(cfg.ChangeEmailSalt, deriveConcat, secrets),
	}}, nil
}

// Knows reports whether the original has links of the kind.
func (l *links) Knows(kind string) bool { return l.signers[kind] != nil }

// Seal writes a token. Extra fits any kind but a confirmation, and is needed for a
// change. A confirmation or a reset of nobody, who has neither an address nor a
// password, is a dead link that takes as long as any other to write.
func (l *links) Seal(kind string, link codec.Link, now time.Time) (string, error) {
	for _, text := range []string{link.Uniquifier, link.Extra, link.Bound} {
		if !utf8.ValidString(text) {
			return "", fmt.Errorf("flaskcompat: a link %q is about what is no text", kind)
		}
	}
	payload := l.payload(kind, link)
	if payload == nil || !validUID(link.Uniquifier) {
		return "", fmt.Errorf("flaskcompat: a link %q cannot say that, or lacks what it must", kind)
	}
	return fitting(l.signers[kind].sign(payload, now))
}

// payload returns nil for what cannot be said.
func (l *links) payload(kind string, link codec.Link) []byte {
	switch {
	case kind == kindConfirm && link.Extra == "":
		return appendList(nil, link.Uniquifier, l.hash(link.Email))
	case kind == kindChange && link.Email != "" && link.Extra != "":
		return appendList(nil, link.Uniquifier, l.hash(link.Email), link.Extra)
	case kind == kindLogin:
		return appendList(nil, append([]string{link.Uniquifier}, ours(link)...)...)
	case kind == kindReset && link.PasswordHash != "":
		return appendList(nil, append([]string{link.Uniquifier, l.hash(link.PasswordHash)}, ours(link)...)...)
	case kind == kindReset:
		l.hash(link.PasswordHash) // whether there is one is told to whoever has the link, and to no stranger by the time
		b := append(quote([]byte{'['}, link.Uniquifier), ",null"...)
		for _, text := range ours(link) {
			b = quote(append(b, ','), text)
		}
		return append(b, ']')
	}
	return nil
}

// ours are the elements behind those of the original.
func ours(link codec.Link) []string {
	switch {
	case link.Extra != "":
		return []string{link.Bound, link.Extra}
	case link.Bound != "":
		return []string{link.Bound}
	}
	return nil
}

// Open reads a token.
func (l *links) Open(kind, token string, now time.Time) (codec.Link, error) {
	s := l.signers[kind]
	if s == nil {
		return codec.Link{}, errors.Join(codec.ErrInvalid, fmt.Errorf("flaskcompat: no links %q", kind))
	}
	payload, at, err := s.open(token, maxToken, now)
	if err != nil {
		return codec.Link{}, err
	}
	list, ok := readList(payload)
	if !ok || len(list) == 0 {
		return codec.Link{}, codec.ErrInvalid
	}
	link := codec.Link{SignedAt: at, Check: unbound}
	if link.Uniquifier, ok = readUID(list[0]); !ok || !l.read(kind, &link, list[1:]) {
		return codec.Link{}, codec.ErrInvalid
	}
	return link, nil
}

// read takes what follows the uniquifier.
func (l *links) read(kind string, link *codec.Link, rest []json.RawMessage) (ok bool) {
	switch kind {
	case kindReset:
		if len(rest) == 0 {
			return false
		}
		if _, ok = readText(rest[0]); !ok && string(rest[0]) != "null" {
			return false
		}
		return readOurs(link, rest[1:])
	case kindLogin:
		return readOurs(link, rest)
	case kindChange:
		if len(rest) != 2 {
			return false
		}
		if link.Extra, ok = readText(rest[1]); !ok || link.Extra == "" {
			return false
		}
		return l.bind(link, rest[0])
	}
	return len(rest) == 1 && l.bind(link, rest[0])
}

// bind sets Check for a hash of the address.
func (l *links) bind(link *codec.Link, raw json.RawMessage) bool {
	hash, ok := readText(raw)
	link.Check = func(ctx context.Context, email, _ string) (bool, error) {
		return l.hashes.check(ctx, hash, email)
	}
	return ok
}

// unbound is the Check of links that the original binds to the uniquifier alone: it
// writes the hash of a password hash into a reset, and never looks at it. Where the
// link is ours, Bound says what it is about.
func unbound(context.Context, string, string) (bool, error) { return true, nil }

func readOurs(link *codec.Link, rest []json.RawMessage) (ok bool) {
	if len(rest) > 2 {
		return false
	}
	ok = true
	if len(rest) > 0 {
		link.Bound, ok = readText(rest[0])
	}
	if ok && len(rest) > 1 {
		link.Extra, ok = readText(rest[1])
	}
	return ok
}
