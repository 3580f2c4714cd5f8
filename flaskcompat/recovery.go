package flaskcompat

import (
	"crypto/aes"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward"
)

const (
	// MaxCode is the length in bytes of a recovery code that is sealed. The
	// original's have 14.
	MaxCode = 256

	// MaxSkew is how far in the future a sealed code may be dated: clocks of
	// two machines differ.
	MaxSkew = 60 * time.Second
)

// RecoveryCodes seals one recovery code as the original does: as it is, or with
// keys as a Fernet token (AES-128-CBC and HMAC-SHA256). It is safe for concurrent
// use.
type RecoveryCodes struct {
	keys []fernetKey
	ttl  time.Duration
	now  func() time.Time
}

// NewRecoveryCodes takes the settings MULTI_FACTOR_RECOVERY_CODES_KEYS and
// MULTI_FACTOR_RECOVERY_CODE_TTL. Without keys codes are stored as text. The first
// key seals, and every key opens. ttl is how long a sealed code can be opened; 0
// is for ever. now is the time, nil being [time.Now].
func NewRecoveryCodes(keys []string, ttl time.Duration, now func() time.Time) (*RecoveryCodes, error) {
	if ttl < 0 {
		return nil, &doorward.ConfigError{Feature: "flaskcompat", Problem: "MULTI_FACTOR_RECOVERY_CODE_TTL is negative", Hint: "leave it empty for codes that do not expire"}
	}
	if now == nil {
		now = time.Now
	}
	c := &RecoveryCodes{ttl: ttl, now: now}
	for i, text := range keys {
		k, err := parseFernetKey(text)
		if err != nil {
			return nil, &doorward.ConfigError{Feature: "flaskcompat",
				Problem: fmt.Sprintf("MULTI_FACTOR_RECOVERY_CODES_KEYS: key %d is %v", i+1, err),
				Hint:    "a key has 44 characters; Fernet.generate_key() makes one"}
		}
		c.keys = append(c.keys, k)
	}
	return c, nil
}

// Seal returns the text to store for a code. A code without keys must not contain
// a comma, which separates codes in the column.
func (c *RecoveryCodes) Seal(plain []byte) (string, error) {
	if err := checkCode(plain); err != nil {
		return "", err
	}
	if len(c.keys) > 0 {
		iv := make([]byte, aes.BlockSize)
		_, _ = rand.Read(iv) // never fails (crypto/rand, Go 1.24)
		return c.keys[0].seal(plain, c.now().Unix(), iv), nil
	}
	if strings.Contains(string(plain), ",") {
		return "", fmt.Errorf("%w: a code that is not encrypted cannot contain a comma", ErrInvalid)
	}
	return string(plain), nil
}

// Open returns the code in a stored text. With a time to live, one that is too
// old, or dated more than [MaxSkew] in the future, is [ErrExpired]; as in the
// original, its date does not matter without. Both are to be passed over like any
// other error: such a code is none.
func (c *RecoveryCodes) Open(stored string) ([]byte, error) {
	token, sealed := parseFernet(stored)
	if len(c.keys) == 0 {
		if sealed {
			// Where the keys were lost the original takes the tokens
			// themselves for codes, which whoever has read the table knows.
			return nil, fmt.Errorf("%w: the code is encrypted, and MULTI_FACTOR_RECOVERY_CODES_KEYS is empty", ErrInvalid)
		}
		return opened([]byte(stored))
	}
	if !sealed {
		return nil, fmt.Errorf("%w: the code is not encrypted", ErrInvalid)
	}
	for _, k := range c.keys {
		plain, ok := k.open(token)
		switch {
		case !ok:
		case c.expired(token.unix):
			return nil, ErrExpired
		default:
			return opened(plain)
		}
	}
	return nil, fmt.Errorf("%w: no key of MULTI_FACTOR_RECOVERY_CODES_KEYS fits", ErrInvalid)
}

func (c *RecoveryCodes) expired(unix int64) bool {
	age := c.now().Unix() - unix
	return c.ttl > 0 && (age > int64(c.ttl/time.Second) || -age > int64(MaxSkew/time.Second))
}

// opened refuses what cannot be a code, so that nothing typed equals it.
func opened(code []byte) ([]byte, error) {
	if err := checkCode(code); err != nil {
		return nil, err
	}
	return code, nil
}

func checkCode(code []byte) error {
	if len(code) == 0 || len(code) > MaxCode || !utf8.Valid(code) {
		return fmt.Errorf("%w: a recovery code is text of 1 to %d bytes", ErrInvalid, MaxCode)
	}
	return nil
}
