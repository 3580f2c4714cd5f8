package password

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward/internal/testhash"
)

// Hasher makes and verifies password hashes. It is safe for concurrent use; make one
// per process, because it is what bounds how many slow hashes run at once.
type Hasher struct {
	cfg       Config
	normalize func(string) string
	schemes   []scheme
	policy    parsed // scheme and work of new hashes
	write     func(secret []byte) (string, error)
	slots     chan struct{}
}

// Match is the outcome of a verification.
type Match struct {
	// OK: the password is the one that was hashed.
	OK bool
	// Rehash: it is, and the stored hash is weaker than a new one would be. The caller
	// hashes the same password again and stores that. Never true for a stronger hash.
	Rehash bool
}

// New checks the configuration and returns a Hasher.
func New(cfg Config) (*Hasher, error) {
	h, err := newHasher(cfg)
	if err != nil {
		return nil, err
	}
	if h.write, h.policy.work, err = h.cfg.writer(); err != nil {
		return nil, err
	}
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
	h.write, h.policy.work = argon2Fast().write, argon2Fast().work()
	return h, nil
}

func newHasher(cfg Config) (*Hasher, error) {
	cfg, err := cfg.resolved()
	if err != nil {
		return nil, err
	}
	h := &Hasher{cfg: cfg, policy: parsed{scheme: cfg.Scheme}, slots: make(chan struct{}, cfg.Slots)}
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
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	out, err := h.write(secret)
	if err != nil {
		return "", fmt.Errorf("password: %s: %w", h.cfg.Scheme, err)
	}
	return out, nil
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
	release, err := h.acquire(ctx)
	if err != nil {
		return Match{}, err
	}
	defer release()
	if text == "" || stored == "" {
		return Match{}, h.burn(text)
	}
	p, err := h.parse(stored)
	if err != nil {
		return Match{}, errors.Join(err, h.burn(text))
	}
	if p.work.class == classFast {
		if err := h.burn(text); err != nil {
			return Match{}, err
		}
	}
	if !p.check(h.secret(p.scheme, text)) {
		return Match{}, nil
	}
	return Match{OK: true, Rehash: outdated(p, h.policy)}, nil
}

// Waste costs as much as one Verify of a hash of the configured scheme, through the same
// slots. It is called where an account does not exist or has no password.
func (h *Hasher) Waste(ctx context.Context, plain string) error {
	_, err := h.Verify(ctx, plain, "")
	return err
}

// burn hashes for the time it takes; the caller holds a slot.
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

// acquire waits for a slot, at most as long as the context and PASSWORD_HASH_WAIT allow.
func (h *Hasher) acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("password: waiting to hash: %w", err)
	}
	release = func() { <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return release, nil
	default:
	}
	timer := time.NewTimer(h.cfg.Wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return release, nil
	case <-timer.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("password: waiting to hash: %w", ctx.Err())
	}
}
