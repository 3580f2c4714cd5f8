package codes

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/doorward/doorward/signed"
)

// Vault keeps secrets in columns of the user's row. Open returns an error for
// what Seal did not make, or made with a key that is gone. It is safe for
// concurrent use.
type Vault interface {
	Seal(plain []byte) (string, error)
	Open(stored string) ([]byte, error)
}

// sealed is the format of this library: the key's tag, a dot, and what its sealer
// made of the secret.
type sealed struct {
	tag     string // of the key that seals
	sealers map[string]*signed.Sealer
}

const vaultAAD = "vault" // what is sealed for one purpose opens for no other

var errSealed = errors.New("codes: a secret at rest cannot be opened: its key is not among TOTP_SECRETS, or it was damaged")

// NewVault returns the vault with the keys of TOTP_SECRETS, for one purpose.
func NewVault(secrets map[string]string, purpose string) (Vault, error) {
	v := &sealed{sealers: map[string]*signed.Sealer{}}
	if len(secrets) == 0 {
		return nil, errors.New("TOTP_SECRETS has no key")
	}
	for tag, secret := range secrets {
		if !goodTag(tag) {
			return nil, fmt.Errorf("TOTP_SECRETS: the tag %q has other characters than letters, digits, - and _", tag)
		}
		keys, err := signed.NewKeys([]byte(secret))
		if err != nil {
			return nil, fmt.Errorf("TOTP_SECRETS: the key with the tag %s: %w", tag, err)
		}
		v.sealers[tag] = keys.Sealer("vault/" + purpose)
		if v.tag == "" || newer(tag, v.tag) {
			v.tag = tag
		}
	}
	return v, nil
}

// goodTag reports whether a tag is one that the original accepts, too, and holds no dot.
func goodTag(tag string) bool {
	return len(tag) <= 64 && regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`).MatchString(tag)
}

// newer orders tags: as numbers if both are, and otherwise as text.
func newer(a, b string) bool {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	if errX == nil && errY == nil {
		return x > y
	}
	return a > b
}

func (v *sealed) Seal(plain []byte) (string, error) {
	return v.tag + "." + v.sealers[v.tag].SealString(plain, vaultAAD), nil
}

func (v *sealed) Open(stored string) ([]byte, error) {
	tag, text, _ := strings.Cut(stored, ".")
	s := v.sealers[tag]
	if s == nil {
		return nil, errSealed
	}
	plain, err := s.OpenString(text, vaultAAD)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
