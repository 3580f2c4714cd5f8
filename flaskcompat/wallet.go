package flaskcompat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward"
)

const (
	// SealCost is the cost of a wallet that is written, as the binary logarithm
	// of the rounds of PBKDF2: 16,384, which is passlib's default. It can be low
	// because the secrets are long and random, unlike passwords.
	SealCost = 14

	// MaxCost is the highest cost of a wallet that is read: a million rounds,
	// which take half a second. A row must not be able to ask for more.
	MaxCost = 20

	// KeptKeys is how many derived keys a [TOTPWallet] keeps in memory.
	KeptKeys = 1024

	saltLen = 12
	keyLen  = 32 // AES-256
)

// TOTPWallet seals the keys of authenticators as passlib's AppWallet does:
// AES-256-CTR with a key and a counter block from PBKDF2-HMAC-SHA256, in JSON. It
// is safe for concurrent use.
//
// Deriving costs about ten milliseconds, and one sign-in opens a wallet several
// times. The last [KeptKeys] derivations are therefore kept in memory: the key
// and counter block of one stored value each, never what that value decrypts to.
// They say no more than the secrets, which are in memory as well.
type TOTPWallet struct {
	secrets map[string]string
	tag     string // of what is written
	keys    keyCache
}

// NewTOTPWallet returns a wallet with the secrets of the setting TOTP_SECRETS,
// by their tags. New values are written with the secret whose tag is the
// greatest: as a number if all tags are numbers, else in the order of the
// alphabet. Every secret reads what was written with its tag, so that one is
// replaced by adding another with a greater tag.
func NewTOTPWallet(secrets map[string]string) (*TOTPWallet, error) {
	if len(secrets) == 0 {
		return nil, badSecrets("no secret is given", `give it one, as {"1": SECRET}`)
	}
	tags := slices.Sorted(maps.Keys(secrets))
	for _, tag := range tags {
		if !validTag(tag) {
			return nil, badSecrets(fmt.Sprintf("the tag %q has other characters than letters, digits and _ . -", tag), "begin tags with a letter or digit")
		}
		if secrets[tag] == "" {
			return nil, badSecrets(fmt.Sprintf("the secret of the tag %q is empty", tag), "give it 32 random bytes as text")
		}
	}
	w := &TOTPWallet{secrets: maps.Clone(secrets), tag: tags[len(tags)-1]}
	if !slices.ContainsFunc(tags, func(t string) bool { return !number(t) }) {
		slices.SortFunc(tags, compareNumbers)
		w.tag = tags[len(tags)-1]
		if n := len(tags); n > 1 && compareNumbers(tags[n-2], tags[n-1]) == 0 {
			return nil, badSecrets("two tags are the same number", "remove the zeros in front and give them different numbers")
		}
	}
	return w, nil
}

func badSecrets(problem, hint string) error {
	return &doorward.ConfigError{Feature: "flaskcompat", Problem: "TOTP_SECRETS: " + problem, Hint: hint}
}

// Seal encrypts a key and returns the text to store.
func (w *TOTPWallet) Seal(plain []byte) (string, error) {
	if len(plain) == 0 {
		return "", fmt.Errorf("%w: there is no key to seal", ErrInvalid)
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails (crypto/rand, Go 1.24)
	return w.seal(plain, salt)
}

func (w *TOTPWallet) seal(plain, salt []byte) (string, error) {
	k, err := w.crypt(plain, derivation{w.tag, string(salt), SealCost})
	if err != nil {
		return "", err
	}
	stored := encodeWallet(enckey{cost: SealCost, key: k, salt: salt, tag: w.tag})
	if len(stored) > MaxStored {
		return "", fmt.Errorf("%w: the key is too long to be read again", ErrInvalid)
	}
	return stored, nil
}

// Open returns the key in a stored text. It also reads the variant that is not
// encrypted, which passlib writes when it has no secrets. The format has no
// checksum: what was written with another secret under the same tag opens to a
// wrong key, not to an error.
func (w *TOTPWallet) Open(stored string) ([]byte, error) {
	plain, sealed, err := decodeWallet(stored)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if plain != nil {
		return plain, nil
	}
	if _, ok := w.secrets[sealed.tag]; !ok {
		return nil, fmt.Errorf("%w: TOTP_SECRETS has no secret for its tag", ErrInvalid)
	}
	return w.crypt(sealed.key, derivation{sealed.tag, string(sealed.salt), sealed.cost})
}

// crypt encrypts and decrypts, which is the same in counter mode.
func (w *TOTPWallet) crypt(text []byte, d derivation) ([]byte, error) {
	key, ok := w.keys.get(d)
	if !ok {
		// Two at once may both derive; a lock held meanwhile would make all
		// others wait.
		derived, err := pbkdf2.Key(sha256.New, w.secrets[d.tag], []byte(d.salt), 1<<d.cost, keyLen+aes.BlockSize)
		if err != nil {
			return nil, fmt.Errorf("flaskcompat: derive the key of a wallet: %w", err)
		}
		key = [keyLen + aes.BlockSize]byte(derived)
		w.keys.put(d, key)
	}
	block, err := aes.NewCipher(key[:keyLen])
	if err != nil {
		return nil, fmt.Errorf("flaskcompat: %w", err)
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, key[keyLen:]).XORKeyStream(out, text)
	return out, nil
}

func validTag(tag string) bool {
	for i := range len(tag) {
		c := tag[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alnum && (i == 0 || !strings.ContainsRune("_.-", rune(c))) {
			return false
		}
	}
	return tag != ""
}

func number(tag string) bool { return strings.Trim(tag, "0123456789") == "" }

// compareNumbers compares digits of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
