package password

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
)

// djangoSchemes are the formats of Django's own hashers. They are only read.
func djangoSchemes() []scheme {
	p := pbkdf2Formats()
	argon2, bcrypt := prefix("$argon2id$", "$argon2i$"), prefix("$2a$", "$2b$", "$2y$")
	return []scheme{
		{"django_argon2", prefix("argon2$"), within("argon2", argon2, parseArgon2, nil)},
		{"django_bcrypt", prefix("bcrypt$"), within("bcrypt$", bcrypt, parseBcrypt, nil)},
		{"django_bcrypt_sha256", prefix("bcrypt_sha256$"), within("bcrypt_sha256$", bcrypt, parseBcrypt, hexSHA256)},
		{"django_pbkdf2_sha1", prefix("pbkdf2_sha1$"), djangoPBKDF2("pbkdf2_sha1$", p[0])},
		{"django_pbkdf2_sha256", prefix("pbkdf2_sha256$"), djangoPBKDF2("pbkdf2_sha256$", p[1])},
		{"django_salted_sha1", prefix("sha1$"), djangoSalted("sha1$", sha1.New)},
		{"django_salted_md5", prefix("md5$"), djangoSalted("md5$", md5.New)},
	}
}

type parser = func(*Config, string) (parsed, error)

// within reads another format behind Django's own prefix, perhaps over a digest of the
// secret. The inner parser expects its own beginning, which is checked here.
func within(before string, claims func(string) bool, inner parser, digest func([]byte) []byte) parser {
	return func(l *Config, stored string) (parsed, error) {
		rest := strings.TrimPrefix(stored, before)
		if !claims(rest) {
			return parsed{}, malformed("prefix")
		}
		p, err := inner(l, rest)
		if err == nil && digest != nil {
			check := p.check
			p.check = func(secret []byte) bool { return check(digest(secret)) }
		}
		return p, err
	}
}

func hexSHA256(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return hex.AppendEncode(nil, sum[:])
}

// djangoSaltMax is generous: Django's salts have 12 to 32 characters.
const djangoSaltMax = 128

// djangoPBKDF2 reads pbkdf2_sha256$rounds$salt$key, the salt being text and the key
// standard base64.
func djangoPBKDF2(before string, f pbkdf2Format) parser {
	return func(l *Config, stored string) (parsed, error) {
		parts := strings.Split(strings.TrimPrefix(stored, before), "$")
		if len(parts) != 3 {
			return parsed{}, malformed("parameters")
		}
		if !only(parts[1], hash64+"+-_=", 1, djangoSaltMax) {
			return parsed{}, malformed("salt")
		}
		key, err := decode("key", base64.StdEncoding, parts[2], f.size, f.size)
		if err != nil {
			return parsed{}, err
		}
		return f.parsed(l, parts[0], []byte(parts[1]), key)
	}
}

// djangoSalted reads sha1$salt$hex: one round, there to be replaced at the next sign-in.
func djangoSalted(before string, digest func() hash.Hash) parser {
	return func(_ *Config, stored string) (parsed, error) {
		salt, want, ok := strings.Cut(strings.TrimPrefix(stored, before), "$")
		if !ok || !only(salt, hash64+"+-_=", 1, djangoSaltMax) {
			return parsed{}, malformed("salt")
		}
		if n := 2 * digest().Size(); !only(want, hexDigits, n, n) {
			return parsed{}, malformed("digest")
		}
		return parsed{check: func(secret []byte) bool {
			h := digest()
			h.Write([]byte(salt))
			h.Write(secret)
			return subtle.ConstantTimeCompare(hex.AppendEncode(nil, h.Sum(nil)), []byte(want)) == 1
		}}, nil
	}
}

// plaintextClaims takes what nothing else takes. A text that looks like a hash is never
// compared as a password: whoever stole the table would sign in with the hash itself.
func plaintextClaims(stored string) bool {
	if strings.HasPrefix(stored, "$") && strings.Count(stored, "$") >= 2 {
		return false
	}
	for _, s := range catalogue() {
		if s.name != plaintextName && s.claims(stored) {
			return false
		}
	}
	return true
}

func parsePlaintext(_ *Config, stored string) (parsed, error) {
	want := sha256.Sum256([]byte(stored)) // equal lengths, so that the compare tells none
	return parsed{check: func(secret []byte) bool {
		got := sha256.Sum256(secret)
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1
	}}, nil
}
