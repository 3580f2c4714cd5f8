package flaskcompat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
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

	// MaxCost is the highest cost of a wallet that is read, four times what is
	// written. Strangers who name an account have its wallets opened, and must not
	// be able to keep a processor busy with it: a cost of 20 takes half a second.
	MaxCost = 16

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
// They say no more than the secrets, which are in memory as well. Derivations
// take no more than half of the processors; the others wait for their turn.
type TOTPWallet struct {
	secrets map[string]string
	tag     string // of what is written
	keys    *keyCache
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
	w := &TOTPWallet{secrets: maps.Clone(secrets), tag: tags[len(tags)-1], keys: newKeyCache(derive)}
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
	k, err := w.crypt(plain, derivation{tag: w.tag, salt: string(salt), cost: SealCost})
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
	plain, sealed, err := w.read(stored)
	if err != nil || plain != nil {
		return plain, err
	}
	return w.crypt(sealed.key, derivation{tag: sealed.tag, salt: string(sealed.salt), cost: sealed.cost})
}

// OpenFor is Open for a stranger who asks under a name, so that the time does not
// tell what is stored, or whether anything is: see package codes, LevelVault. The
// first time a name is used it derives, and what was derived is kept by the name
// alone: neither a wallet that was opened otherwise nor one that is missing makes
// a difference. The name is kept as a keyed hash.
//
// It derives with [SealCost] where there is nothing to open. A wallet that was
// written with another cost can be told from that.
func (w *TOTPWallet) OpenFor(name, stored string) ([]byte, error) {
	nobody := w.nobody(name)
	plain, sealed, err := w.read(stored)
	if err == nil && plain == nil {
		return w.crypt(sealed.key, derivation{name: nobody.name, tag: sealed.tag, salt: string(sealed.salt), cost: sealed.cost})
	}
	if _, err := w.keys.key(nobody, w.secrets[nobody.tag]); err != nil {
		return nil, err
	}
	if stored == "" {
		return nil, nil
	}
	return plain, err
}

// nobody is derived where there is nothing to derive from. Its salt cannot be
// foreseen, and is that of no wallet.
func (w *TOTPWallet) nobody(name string) derivation {
	mac := hmac.New(sha256.New, []byte(w.secrets[w.tag]))
	mac.Write([]byte("flaskcompat: a name without a wallet\x00" + name))
	sum := string(mac.Sum(nil))
	return derivation{name: sum, tag: w.tag, salt: sum[:saltLen], cost: SealCost}
}

// read returns the key of a stored text that is not encrypted, else what is to be
// decrypted.
func (w *TOTPWallet) read(stored string) (plain []byte, sealed enckey, err error) {
	plain, sealed, err = decodeWallet(stored)
	if err != nil {
		return nil, sealed, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if plain != nil {
		return plain, sealed, nil
	}
	if _, ok := w.secrets[sealed.tag]; !ok {
		return nil, sealed, fmt.Errorf("%w: TOTP_SECRETS has no secret for its tag", ErrInvalid)
	}
	return nil, sealed, nil
}

// crypt encrypts and decrypts, which is the same in counter mode.
func (w *TOTPWallet) crypt(text []byte, d derivation) ([]byte, error) {
	key, err := w.keys.key(d, w.secrets[d.tag])
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key[:keyLen])
	if err != nil {
		return nil, fmt.Errorf("flaskcompat: %w", err)
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, key[keyLen:]).XORKeyStream(out, text)
	return out, nil
}

func derive(d derivation, secret string) (walletKey, error) {
	derived, err := pbkdf2.Key(sha256.New, secret, []byte(d.salt), 1<<d.cost, len(walletKey{}))
	if err != nil {
		return walletKey{}, fmt.Errorf("flaskcompat: derive the key of a wallet: %w", err)
	}
	return walletKey(derived), nil
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
