package flaskcompat

import (
	"crypto/hmac"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward/codec"
)

// rememberCookie is the cookie of Flask-Login: the uniquifier, a bar, and its HMAC-SHA512
// in hexadecimal, made with the secret itself. The original knows no fallbacks here.
// They are read all the same, and replaced as soon as the cookie is written again.
type rememberCookie struct{ keys [][]byte }

// rememberKeys returns the keys that the original makes of secrets. With a fallback that
// makes none it has written no cookie.
func rememberKeys(secrets [][]byte) (keys [][]byte, err error) {
	for i, secret := range secrets {
		key, ok := latin1(secret)
		if i == 0 && !ok {
			return nil, wrong("SECRET_KEY has characters that are not in latin-1", "Flask-Login fails with it at every remember-me cookie; choose another, and keep this one in SECRET_KEY_FALLBACKS")
		}
		if ok {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// latin1 returns the bytes that the original makes of a secret that is a text. What is
// no UTF-8 was none.
func latin1(secret []byte) (key []byte, ok bool) {
	if !utf8.Valid(secret) {
		return secret, true
	}
	for _, r := range string(secret) {
		if r > 0xff {
			return nil, false
		}
		key = append(key, byte(r))
	}
	return key, true
}

// Seal writes a cookie.
func (c rememberCookie) Seal(uniquifier string) string {
	return uniquifier + "|" + rememberMAC(c.keys[0], uniquifier)
}

// Open reads one. The MAC is compared as text, in constant time.
func (c rememberCookie) Open(value string) (uniquifier string, err error) {
	cut := strings.LastIndexByte(value, '|')
	if len(value) > maxToken || cut < 0 || !validUID(value[:cut]) {
		return "", codec.ErrInvalid
	}
	uniquifier, mac := value[:cut], []byte(value[cut+1:])
	for _, key := range c.keys {
		if subtle.ConstantTimeCompare([]byte(rememberMAC(key, uniquifier)), mac) == 1 {
			return uniquifier, nil
		}
	}
	return "", codec.ErrInvalid
}

func rememberMAC(key []byte, uniquifier string) string {
	m := hmac.New(sha512.New, key)
	m.Write([]byte(uniquifier))
	return hex.EncodeToString(m.Sum(nil))
}
