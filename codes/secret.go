package codes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/internal/qrsvg"
)

// Secret is what a user's codes of one kind are made of. The zero Secret is
// nobody's: it takes the same work, and no code is one of its.
type Secret struct{ key []byte }

// NewSecret returns a new random one.
func NewSecret() Secret { return Secret{otp.NewKey()} }

// Format keeps secrets out of what is printed.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[secret]")) }

// LogValue keeps them out of logs.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return len(s.key) == 0 }

// Seal returns s as it is kept at rest and in state tokens.
func (c *Codes) Seal(s Secret) (string, error) {
	text, err := c.vault.Seal(s.key)
	if err != nil {
		return "", fmt.Errorf("seal a secret: %w", err)
	}
	return text, nil
}

// Open returns what Seal sealed; the zero Secret for "".
func (c *Codes) Open(stored string) (Secret, error) {
	if stored == "" {
		return Secret{}, nil
	}
	key, err := c.vault.Open(stored)
	return opened(key, err)
}

// OpenFor is Open for a request that has proved nothing yet, with the same work
// whatever is stored, and if nothing is: see [LevelVault]. name says who asks for
// what, the same at every request: a visitor, what he typed, and a method. It goes
// no further than here but as a hash.
func (c *Codes) OpenFor(name, stored string) (Secret, error) {
	v, ok := c.vault.(LevelVault)
	if !ok {
		return c.Open(stored)
	}
	sum := sha256.Sum256([]byte(name))
	key, err := v.OpenFor(hex.EncodeToString(sum[:]), stored)
	if err == nil && stored == "" {
		return Secret{}, nil
	}
	return opened(key, err)
}

func opened(key []byte, err error) (Secret, error) {
	if err == nil && len(key) == 0 {
		err = errSealed
	}
	if err != nil {
		return Secret{}, fmt.Errorf("open a secret: %w", err)
	}
	return Secret{key}, nil
}

// Setup is what a user puts into an authenticator application.
type Setup struct {
	Key      string // in groups, to be typed
	Base32   string
	URI      string        // otpauth://totp/...
	QR       template.HTML // the URI as a drawing: an svg element
	Username string
	Issuer   string
}

// Setup returns the values with which u sets up an application for s.
func (c *Codes) Setup(s Secret, u doorward.User) (Setup, error) {
	name := c.name(u)
	uri, err := otp.URI(s.key, c.cfg.Issuer, name)
	if err != nil {
		return Setup{}, fmt.Errorf("set up an authenticator: %w", err)
	}
	drawing, err := qrsvg.Draw(uri)
	if err != nil {
		return Setup{}, fmt.Errorf("set up an authenticator: %w", err)
	}
	return Setup{Key: otp.Grouped(s.key), Base32: otp.Base32(s.key), URI: uri, QR: template.HTML(drawing), Username: name, Issuer: c.cfg.Issuer}, nil
}

// longestName bounds the names of the site and the account, in bytes: encoded
// they must fit into a drawing that cameras can read.
const longestName = 100

// name is the first identity of u that is set, without colons, which would end
// the name of the site before it.
func (c *Codes) name(u doorward.User) string {
	acc := u.SecurityAccount()
	known := map[string]string{"email": acc.Email, "username": acc.Username, "us_phone_number": acc.USPhoneNumber}
	for _, ia := range c.rt.Identities() {
		if v := strings.ReplaceAll(known[ia.Attr], ":", "_"); v != "" {
			return strings.ToValidUTF8(v[:min(len(v), longestName)], "")
		}
	}
	return "Unknown"
}
