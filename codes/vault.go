package codes

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
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

// LevelVault is a [Vault] that takes so long to open something that the time would
// tell strangers which accounts exist, and what they have set up (ASVS 6.3.8).
// The format of this library takes no time worth hiding, and is none.
type LevelVault interface {
	Vault
	// OpenFor is Open for a stranger who asks under a name: a hash that must not
	// be kept longer than is of use. The work is the same whatever is stored, also
	// if it is "", which opens to nothing without an error. Work may be saved only
	// where OpenFor was called with this name before: what others opened must not
	// make a difference either, since only accounts that exist are in use.
	OpenFor(name, stored string) ([]byte, error)
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
		if !goodTag.MatchString(tag) {
			return nil, fmt.Errorf("TOTP_SECRETS: the tag %s is not up to 64 letters, digits, - and _, the first of them a letter or a digit", shown(tag))
		}
		keys, err := signed.NewKeys([]byte(secret))
		if err != nil {
			return nil, fmt.Errorf("TOTP_SECRETS: the key with the tag %s: %w", shown(tag), err)
		}
		v.sealers[tag] = keys.Sealer("vault/" + purpose)
	}
	v.tag = highest(slices.Collect(maps.Keys(secrets)))
	return v, nil
}

// goodTag matches tags that the original accepts, too, without a dot.
var goodTag = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// shown is a tag in an error, unless it is so long that it may be a key whose tag
// stands in its place.
func shown(tag string) string {
	if len(tag) > 12 {
		return fmt.Sprintf("of %d characters", len(tag))
	}
	return strconv.Quote(tag)
}

// highest returns the last of tags: as numbers if all of them are, and otherwise
// as text.
func highest(tags []string) string {
	numbers := !slices.ContainsFunc(tags, func(tag string) bool { return strings.Trim(tag, "0123456789") != "" })
	return slices.MaxFunc(tags, func(a, b string) int {
		if numbers {
			x, y := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
		}
		return strings.Compare(a, b)
	})
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
