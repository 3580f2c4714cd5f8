package flaskcompat

import (
	"context"
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

const (
	// maxLinkRounds is how many rounds a hash in a link may have that is checked. The
	// original's have 535,000, which takes a quarter of a second.
	maxLinkRounds = 1_000_000

	// keptChecks is how many answers are kept: a link is opened, and then used.
	keptChecks = 1024
)

// linkHashes compares the hashes in links with what they may be of. The original
// hashes addresses there as if they were passwords. Its own gate, half of the processors
// wide, is what strangers with links can occupy (see [password.Config.Slots]).
type linkHashes struct {
	verify  func(comparison) (bool, error)
	answers *memo[comparison, bool]
}

// sha256CryptLen is how many characters end a sha256_crypt.
const sha256CryptLen = 43

type comparison struct{ hash, text string }

func newLinkHashes() (*linkHashes, error) {
	const scheme = "sha256_crypt"
	hasher, err := password.New(password.Config{
		Scheme: scheme, Schemes: []string{scheme}, NormalizeForm: "none", MaxSHACryptRounds: maxLinkRounds,
	})
	if err != nil {
		return nil, fmt.Errorf("flaskcompat: hashes of links: %w", err)
	}
	h := &linkHashes{answers: newMemo[comparison, bool](keptChecks)}
	h.verify = func(c comparison) (bool, error) { return verifyLink(hasher, c) }
	return h, nil
}

// hashForLink is what stands for a text in a link that is written. The link is signed,
// and nothing is proved by the hash: it keeps the text out of logs and histories, no
// more. An address could be guessed at any cost that is bearable here, and a stored
// password hash at none. The original takes any number of rounds.
func hashForLink(text string) string { return password.WeakSHA256Crypt([]byte(text)) }

// check reports whether hash is of text. However many ask the same, it is computed
// once, and goes on when the first of them has left.
func (h *linkHashes) check(ctx context.Context, hash, text string) (bool, error) {
	if !strings.HasPrefix(hash, "$5$") {
		return isMD5(hash, text), nil
	}
	if len(hash)-strings.LastIndexByte(hash, '$') != len("$")+sha256CryptLen {
		return false, nil // not worth the time that a Hasher hides it with
	}
	a, mine := h.answers.find(comparison{hash, text})
	if mine {
		go h.answers.run(a, h.verify)
	}
	select {
	case <-a.done:
		return a.value, a.err
	case <-ctx.Done():
		return false, fmt.Errorf("flaskcompat: waiting for the check of a link: %w", ctx.Err())
	}
}

// verifyLink waits for its turn as long as a password would, and not for ever: it has
// no context, because more than one may wait for it.
func verifyLink(hasher *password.Hasher, c comparison) (bool, error) {
	match, err := hasher.Verify(context.Background(), c.text, c.hash)
	if errors.Is(err, password.ErrBusy) {
		return false, fmt.Errorf("flaskcompat: check of a link: %w: %w", doorward.ErrUnavailable, err)
	}
	return match.OK && err == nil, nil // any other error says that it cannot be of this text
}

// isMD5 reads what the original accepts from its past. MD5 need not be strong here:
// the hash is signed, and what it is of is the account's.
func isMD5(hash, text string) bool {
	want, err := hex.DecodeString(hash)
	sum := md5.Sum([]byte(text))
	return err == nil && subtle.ConstantTimeCompare(sum[:], want) == 1
}
