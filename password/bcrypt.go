package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptName = "bcrypt"
	bcryptMax  = 72 // bytes that bcrypt reads
	bcryptSalt = 22 // characters
	bcryptTag  = 31
)

// bcryptWriter writes $2b$, the name of the algorithm without the old defects.
func bcryptWriter(rounds int) func([]byte) (string, error) {
	return func(secret []byte) (string, error) {
		out, err := bcrypt.GenerateFromPassword(secret, rounds)
		if err != nil {
			return "", err
		}
		return "$2b$" + strings.TrimPrefix(string(out), "$2a$"), nil
	}
}

// parseBcrypt reads $2b$12$ and 53 characters.
func parseBcrypt(l *Config, stored string) (parsed, error) {
	if len(stored) != 7+bcryptSalt+bcryptTag || stored[6] != '$' {
		return parsed{}, malformed("length")
	}
	if !only(stored[7:], hash64, bcryptSalt+bcryptTag, bcryptSalt+bcryptTag) {
		return parsed{}, malformed("salt or digest")
	}
	// The format writes two digits, so that 4 is "04".
	rounds, err := number("rounds", strings.TrimPrefix(stored[4:6], "0"), 4, l.MaxBcryptRounds)
	if err != nil {
		return parsed{}, err
	}
	hash := []byte(stored)
	return parsed{work: work{classBcrypt, 1 << rounds}, check: func(secret []byte) bool {
		return bcrypt.CompareHashAndPassword(hash, secret[:min(len(secret), bcryptMax)]) == nil
	}}, nil
}

// parseBcryptSHA256 reads passlib's two versions:
//
//	$bcrypt-sha256$2b,12$salt$digest          bcrypt(base64(SHA-256(secret)))
//	$bcrypt-sha256$v=2,t=2b,r=12$salt$digest  bcrypt(base64(HMAC-SHA-256(salt, secret)))
func parseBcryptSHA256(l *Config, stored string) (parsed, error) {
	f := strings.Split(stored, "$")
	if len(f) != 5 || len(f[3]) != bcryptSalt || len(f[4]) != bcryptTag {
		return parsed{}, malformed("length")
	}
	params, salt := f[2], f[3]
	params, v2 := strings.CutPrefix(params, "v=2,t=")
	kind, rounds, ok := strings.Cut(params, ",")
	if v2 {
		rounds, ok = strings.CutPrefix(rounds, "r=")
	}
	if !ok || (kind != "2a" && kind != "2b") {
		return parsed{}, malformed("parameters")
	}
	if len(rounds) == 1 {
		rounds = "0" + rounds
	}
	if len(rounds) != 2 {
		return parsed{}, malformed("rounds")
	}
	p, err := parseBcrypt(l, "$"+kind+"$"+rounds+"$"+salt+f[4])
	if err != nil {
		return parsed{}, err
	}
	inner := p.check
	p.check = func(secret []byte) bool {
		digest := sha256.Sum256(secret)
		sum := digest[:]
		if v2 {
			mac := hmac.New(sha256.New, []byte(salt))
			mac.Write(secret)
			sum = mac.Sum(nil)
		}
		return inner(base64.StdEncoding.AppendEncode(nil, sum))
	}
	return p, nil
}
