package password

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
)

// adapted is passlib's base64: "." for "+", no padding.
func adapted() *base64.Encoding {
	return base64.NewEncoding(letters + digits + "./").WithPadding(base64.NoPadding)
}

// pbkdf2Format is one digest with its name in the stored text.
type pbkdf2Format struct {
	scheme, ident string
	digest        func() hash.Hash
	size, class   int
}

func pbkdf2Formats() []pbkdf2Format {
	return []pbkdf2Format{
		{"pbkdf2_sha1", "$pbkdf2$", sha1.New, sha1.Size, classSHA1},
		{"pbkdf2_sha256", "$pbkdf2-sha256$", sha256.New, sha256.Size, classRounds},
		{"pbkdf2_sha512", "$pbkdf2-sha512$", sha512.New, sha512.Size, classRounds},
	}
}

func pbkdf2Schemes() (list []scheme) {
	for _, f := range pbkdf2Formats() {
		list = append(list, scheme{f.scheme, prefix(f.ident), f.parse})
	}
	return list
}

// parse reads $pbkdf2-sha256$29000$salt$key.
func (f pbkdf2Format) parse(l *Config, stored string) (parsed, error) {
	parts := strings.Split(stored[len(f.ident):], "$")
	if len(parts) != 3 {
		return parsed{}, malformed("parameters")
	}
	salt, err := decode("salt", adapted(), parts[1], 1, saltMax)
	if err != nil {
		return parsed{}, err
	}
	key, err := decode("key", adapted(), parts[2], f.size, f.size)
	if err != nil {
		return parsed{}, err
	}
	return f.parsed(l, parts[0], salt, key)
}

func (f pbkdf2Format) parsed(l *Config, rounds string, salt, key []byte) (parsed, error) {
	n, err := number("rounds", rounds, 1, l.MaxPBKDF2Rounds)
	if err != nil {
		return parsed{}, err
	}
	return parsed{work: work{f.class, uint64(n)}, check: func(secret []byte) bool {
		got, err := pbkdf2.Key(f.digest, string(secret), salt, n, len(key))
		return err == nil && subtle.ConstantTimeCompare(got, key) == 1
	}}, nil
}

func (f pbkdf2Format) writer(rounds int) func([]byte) (string, error) {
	return func(secret []byte) (string, error) {
		salt := make([]byte, 16)
		rand.Read(salt)
		key, err := pbkdf2.Key(f.digest, string(secret), salt, rounds, f.size)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s%d$%s$%s", f.ident, rounds, adapted().EncodeToString(salt), adapted().EncodeToString(key)), nil
	}
}
