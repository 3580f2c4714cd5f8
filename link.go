package doorward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/signed"
)

var (
	// ErrLinkDead is returned for the token of a link that was not made here, is
	// damaged, was used already, or is of an account that has changed since.
	ErrLinkDead = errors.New("doorward: the link is not good")
	// ErrLinkExpired is returned for one that is too old.
	ErrLinkExpired = errors.New("doorward: the link is too old")
)

// Links is the part of the engine that makes and checks the links of mails.
type Links struct {
	e    *engine
	name string
}

// To returns the absolute URL of one of our paths, and false if SERVER_NAME is
// not set. Its origin is the one that is configured, never one that a request
// claims to have come to.
func (l Links) To(path string) (string, bool) {
	origin, ok := l.e.cfg.URLs.origin()
	return origin + l.e.cfg.URLs.Prefix + path, ok
}

func (u *URLConfig) origin() (string, bool) {
	if u.ServerName == "" {
		return u.Origin, u.Origin != ""
	}
	host := u.ServerName
	if u.Subdomain != "" {
		host = u.Subdomain + "." + host
	}
	return u.Scheme + "://" + host, true
}

// SPA reports whether links lead to the views of a single-page application.
func (l Links) SPA() bool { return l.e.cfg.URLs.Behavior == "spa" }

// ByGet reports whether opening a link uses it.
func (l Links) ByGet() bool { return l.SPA() || l.e.cfg.URLs.LinkUse == "get" }

// LinkKind is a kind of link in mails.
type LinkKind struct {
	// Name tells kinds apart: a token of one is none of another.
	Name string
	// Path is the page's that takes the links; the token is the segment behind it.
	Path string
	// Within is how long a link lives.
	Within time.Duration
	// Bound, if set, returns what of the account a link is about: it dies when
	// that changes. It dies with the uniquifier in any case.
	Bound func(*Account) string
}

// LinkMaker makes and checks the links of one kind. It is safe for concurrent use.
type LinkMaker struct {
	kind   LinkKind
	links  Links
	signer *signed.Signer
}

// Kind returns what makes links of a kind. Make it in Init and keep it.
func (l Links) Kind(k LinkKind) *LinkMaker {
	return &LinkMaker{kind: k, links: l, signer: l.e.keys.Signer("link/" + l.name + "/" + k.Name)}
}

// Link is a link that was opened.
type Link struct {
	User  User
	Extra string // as given to [LinkMaker.New]
	Token string

	until time.Time
	// What the token says of the account, whatever becomes of User.
	uniquifier, bound string
	// check asks another system's format whether it is about an account.
	check func(ctx context.Context, email, passwordHash string) (bool, error)
}

// claimSlack is how much longer it is remembered that a link was used than it
// lives, for machines whose clocks differ.
const claimSlack = time.Hour

// Within is how long a link lives.
func (m *LinkMaker) Within() time.Duration { return m.kind.Within }

// New returns a link for u, and its token. extra goes with it: whoever has the
// link can read that, but not change it. For a nil u it is a link of nobody, made
// with the same work.
func (m *LinkMaker) New(u User, extra string) (link, token string) {
	acc := &Account{Uniquifier: NewUniquifier()}
	if u != nil {
		acc = u.SecurityAccount()
	}
	token = m.sign(acc, extra)
	link, _ = m.links.To(m.kind.Path + "/" + token)
	return link, token
}

func (m *LinkMaker) sign(acc *Account, extra string) string {
	e := m.links.e
	if m.foreign() {
		l := codec.Link{Uniquifier: acc.Uniquifier, Extra: extra, Email: acc.Email, PasswordHash: acc.PasswordHash, Bound: m.bound(acc)}
		token, err := e.cfg.Codecs.Links.Seal(m.kind.Name, l, e.now())
		if err != nil {
			e.log.Error("link not made", "kind", m.kind.Name, "err", err) // it will be a dead one
		}
		return token
	}
	payload, err := json.Marshal([]string{acc.Uniquifier, m.bound(acc), extra, m.kind.Within.String()})
	if err != nil {
		payload = nil // strings always marshal
	}
	return m.signer.Sign(payload, e.now())
}

// foreign reports whether another system has links of the kind, too.
func (m *LinkMaker) foreign() bool {
	f := m.links.e.cfg.Codecs.Links
	return f != nil && f.Knows(m.kind.Name)
}

// bound is a hash of what a link is about, for the account of it.
func (m *LinkMaker) bound(acc *Account) string {
	if m.kind.Bound == nil {
		return ""
	}
	return hashText(m.kind.Name + "\x00" + acc.Uniquifier + "\x00" + m.kind.Bound(acc))
}

// Open returns what a token stands for. The error is [ErrLinkDead], or
// [ErrLinkExpired] with the Link as it was, or the store's. It uses nothing up.
func (m *LinkMaker) Open(ctx context.Context, token string) (Link, error) {
	l, expired, err := m.read(token)
	if err != nil {
		return Link{}, ErrLinkDead
	}
	u, err := m.links.e.cfg.Stores.Users.FindUser(ctx, UserQuery{Attr: "fs_uniquifier", Value: l.uniquifier})
	if errors.Is(err, ErrNotFound) {
		return Link{}, ErrLinkDead
	}
	if err != nil {
		return Link{}, fmt.Errorf("find user of a link: %w", err)
	}
	if l.User = u; l.check != nil {
		if err := m.bind(ctx, &l); err != nil {
			return Link{}, err
		}
	}
	switch {
	case m.Still(l, u.SecurityAccount()) != nil:
		return Link{}, ErrLinkDead
	case expired:
		return l, ErrLinkExpired
	}
	return l, nil
}

// read takes a token apart. Any error means that it is none.
func (m *LinkMaker) read(token string) (l Link, expired bool, err error) {
	if m.foreign() {
		return m.readForeign(token)
	}
	now := m.links.e.now()
	payload, at, err := m.signer.Verify(token, m.kind.Within, now)
	expired = errors.Is(err, signed.ErrExpired)
	var parts []string
	if err != nil && !expired || json.Unmarshal(payload, &parts) != nil || len(parts) != 4 {
		return l, false, ErrLinkDead
	}
	// What the setting was then counts too: a longer one must not bring back what
	// has expired, and perhaps been used.
	within, err := time.ParseDuration(parts[3])
	if err != nil {
		return l, false, ErrLinkDead
	}
	l = Link{Extra: parts[2], Token: token, until: at.Add(within + claimSlack), uniquifier: parts[0], bound: parts[1]}
	return l, expired || now.Sub(at) > within, nil
}

func (m *LinkMaker) readForeign(token string) (l Link, expired bool, err error) {
	e := m.links.e
	f, err := e.cfg.Codecs.Links.Open(m.kind.Name, token, e.now())
	if err != nil {
		e.log.Debug("link not read", "kind", m.kind.Name, "err", err)
		return l, false, err
	}
	l = Link{Extra: f.Extra, Token: token, until: f.SignedAt.Add(m.kind.Within + claimSlack), uniquifier: f.Uniquifier, bound: f.Bound, check: f.Check}
	return l, e.now().Sub(f.SignedAt) > m.kind.Within, nil
}

// bind makes sure that a link which another system made, or could have made, is
// about the account as it is now. From here on it is bound as one of ours: the
// check is too slow to be made again under a lock.
func (m *LinkMaker) bind(ctx context.Context, l *Link) error {
	acc := l.User.SecurityAccount()
	ok, err := l.check(ctx, acc.Email, acc.PasswordHash)
	if err != nil {
		return fmt.Errorf("check link: %w", err)
	}
	if !ok {
		return ErrLinkDead
	}
	if l.bound == "" {
		l.bound = m.bound(acc)
	}
	return nil
}

func (m *LinkMaker) fits(acc *Account, bound string) bool {
	want := m.bound(acc)
	return want == bound && bound == "" || sameText(want, bound)
}

// Use uses a link up: of any number of callers one gets nil, and the others
// [ErrLinkDead]. Call it in the transaction of what the link does, and then ask
// [LinkMaker.Still] of the account as it is stored.
func (m *LinkMaker) Use(ctx context.Context, l Link) error {
	err := m.links.e.claim(ctx, "link/"+m.links.name+"/"+m.kind.Name, l.Token, l.until)
	if errors.Is(err, ErrClaimed) {
		return ErrLinkDead
	}
	return err
}

// Still returns [ErrLinkDead] if acc is not any more what the link is about: for
// use where the account is changed, under the store's lock.
func (m *LinkMaker) Still(l Link, acc *Account) error {
	if acc.Uniquifier == "" || acc.Uniquifier != l.uniquifier || !m.fits(acc, l.bound) {
		return ErrLinkDead
	}
	return nil
}
