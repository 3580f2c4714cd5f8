package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/scrypt"
)

const scryptKey = 32

// parseScrypt reads passlib's $scrypt$ln=16,r=8,p=1$salt$key.
func parseScrypt(l *Config, stored string) (parsed, error) {
	f := strings.Split(stored, "$")
	if len(f) != 5 {
		return parsed{}, malformed("parameters")
	}
	n, err := numbers(f[2], []string{"ln", "r", "p"}, []int{1, 1, 1}, []int{31, 1 << 10, l.MaxScryptThreads})
	if err != nil {
		return parsed{}, err
	}
	ln, r, p := n[0], n[1], n[2]
	memory := (uint64(128*r)<<ln + 1023) / 1024
	if memory > uint64(l.MaxScryptMemory) {
		return parsed{}, &HashError{Param: "ln and r", Reason: reasonCeiling}
	}
	salt, err := decode("salt", base64.RawStdEncoding, f[3], 1, saltMax)
	if err != nil {
		return parsed{}, err
	}
	key, err := decode("key", base64.RawStdEncoding, f[4], scryptKey, scryptKey)
	if err != nil {
		return parsed{}, err
	}
	return parsed{work: work{classMemory, memory * uint64(p)}, load: scryptLoad(ln, r, p), check: func(secret []byte) bool {
		got, err := scrypt.Key(secret, salt, 1<<ln, r, p, len(key))
		return err == nil && subtle.ConstantTimeCompare(got, key) == 1
	}}, nil
}

// scryptLoad is the memory that golang.org/x/crypto/scrypt takes: it computes the p lanes one after
// another in the same 128*N*r bytes, and keeps 128*r bytes of each.
func scryptLoad(ln, r, p int) load {
	return loadOf(uint64(128*r)<<ln+uint64(128*r*p), 1)
}

func scryptWriter(ln int) func([]byte) (string, error) {
	return func(secret []byte) (string, error) {
		salt := make([]byte, 16)
		rand.Read(salt)
		key, err := scrypt.Key(secret, salt, 1<<ln, 8, 1, scryptKey)
		if err != nil {
			return "", err
		}
		b64 := base64.RawStdEncoding
		return fmt.Sprintf("$scrypt$ln=%d,r=8,p=1$%s$%s", ln, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
	}
}
