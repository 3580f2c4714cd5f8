package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/testhash"
)

// Hasher makes and verifies password hashes. It is safe for concurrent use; make one
// per process, because it is what bounds the slow hashes that run at once.
type Hasher struct {
	cfg       Config
	normalize func(string) string
	schemes   []scheme
	policy    parsed // scheme, work and load of new hashes
	write     func(secret []byte) (string, error)
	gate      *gate
	limit     uint64 // bytes that the process may use, 0 if unknown
}

// Match is the outcome of a verification.
type Match struct {
	// OK: the password is the one that was hashed.
	OK bool
	// Rehash: it is, and the stored hash is weaker than a new one would be. The caller
	// hashes the same password again and stores that. Never true for a stronger hash.
	Rehash bool
	// Costlier: the stored hash is of a stronger class than a new one would be, or takes
	// clearly more work, whether or not the password is right. Such a hash is never
	// replaced, so the time of an answer tells the account from none (CWE-208) until the
	// configuration makes new ones as dear.
	Costlier bool
}

// New checks the configuration and returns a Hasher.
func New(cfg Config) (*Hasher, error) {
	h, err := newHasher(cfg)
	if err != nil {
		return nil, err
	}
	w, err := h.cfg.writer()
	if err != nil {
		return nil, err
	}
	h.write, h.policy.work, h.policy.load = w.write, w.work, w.load
	return h, nil
}

// NewForTests returns a Hasher whose new hashes cost microseconds: argon2id with 8 KiB
// and one pass. The token keeps it out of programs. Everything else is as in [New].
func NewForTests(token testhash.Token, cfg Config) (*Hasher, error) {
	if !token.Allowed() {
		return nil, errors.New("password: the fast hasher is for tests only")
	}
	h, err := newHasher(cfg)
	if err != nil {
		return nil, err
	}
	if h.cfg.Scheme != "argon2" {
		return nil, errors.New("password: the fast hasher writes argon2 only")
	}
	h.write, h.policy.work, h.policy.load = argon2Fast().write, argon2Fast().work(), argon2Fast().load()
	return h, nil
}

func newHasher(cfg Config) (*Hasher, error) {
	cfg, err := cfg.resolved()
	if err != nil {
		return nil, err
	}
	h := &Hasher{cfg: cfg, policy: parsed{scheme: cfg.Scheme}, limit: memoryLimit()}
	h.gate = &gate{
		size:  load{memory: cmp.Or(cfg.Memory, standardMemory(h.limit)), slots: cfg.Slots},
		limit: [lineCount]int{strangers: cfg.Queue, signedIn: cfg.SignedInQueue},
		wait:  cfg.Wait,
	}
	if h.schemes, err = h.cfg.accepted(); err != nil {
		return nil, err
	}
	h.normalize, err = normalizer(cfg.NormalizeForm)
	return h, err
}

// Hash returns a new hash of the password in the scheme of the configuration.
func (h *Hasher) Hash(ctx context.Context, plain string) (string, error) {
	text, err := h.prepare(plain)
	if err != nil {
		return "", err
	}
	if text == "" {
		return "", ErrEmpty
	}
	secret := h.secret(h.cfg.Scheme, text)
	if h.cfg.Scheme == bcryptName && len(secret) > bcryptMax {
		return "", ErrTooLong // bcrypt would ignore the rest
	}
	var out string
	err = h.run(ctx, h.policy, func() error {
		var err error
		if out, err = h.write(secret); err != nil {
			return fmt.Errorf("password: %s: %w", h.cfg.Scheme, err)
		}
		return nil
	})
	return out, err
}

// Verify tells whether plain is the password of the stored hash. A wrong password is no
// error. Empty input on either side never matches.
//
// Where nothing slow could be computed (no hash, an unreadable one, a fast legacy
// scheme) Verify wastes one hash, so that the time of an answer says nothing about the
// account (CWE-208). A [*HashError] goes to the operator's log; the visitor sees a
// mismatch. [ErrTooLong] and [ErrText] depend on the input alone, and cost nothing.
func (h *Hasher) Verify(ctx context.Context, plain, stored string) (Match, error) {
	text, err := h.prepare(plain)
	if err != nil {
		return Match{}, err
	}
	var p parsed
	var unusable error
	if text != "" && stored != "" {
		p, unusable = h.parse(stored)
	}
	slow := p
	if p.work.class == classFast { // or nothing was read
		slow = h.policy
	}
	ok := false
	err = h.run(ctx, slow, func() error {
		if slow.check == nil {
			if err := h.burn(text); err != nil {
				return err
			}
		}
		ok = p.check != nil && p.check(h.secret(p.scheme, text))
		return nil
	})
	if err != nil { // alone: who was not let in has not guessed
		return Match{}, err
	}
	return Match{OK: ok, Rehash: ok && outdated(p, h.policy), Costlier: costlier(p.work, h.policy.work)}, unusable
}

// Waste costs as much as one Verify of a hash of the configured scheme, and goes through
// the same gate with the same load: otherwise the wait would tell who exists. It is
// called where an account does not exist or has no password.
func (h *Hasher) Waste(ctx context.Context, plain string) error {
	_, err := h.Verify(ctx, plain, "")
	return err
}

// burn hashes for the time it takes; the caller holds a pass.
func (h *Hasher) burn(text string) error {
	secret := h.secret(h.cfg.Scheme, text)
	if h.cfg.Scheme == bcryptName {
		secret = secret[:min(len(secret), bcryptMax)]
	}
	if _, err := h.write(secret); err != nil {
		return fmt.Errorf("password: %s: %w", h.cfg.Scheme, err)
	}
	return nil
}
