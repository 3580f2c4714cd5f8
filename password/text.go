package password

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer returns the function for a Unicode form.
func normalizer(form string) (func(string) string, error) {
	switch form {
	case "NFC":
		return norm.NFC.String, nil
	case "NFD":
		return norm.NFD.String, nil
	case "NFKC":
		return norm.NFKC.String, nil
	case "NFKD":
		return norm.NFKD.String, nil
	case "none":
		return func(s string) string { return s }, nil
	}
	return nil, fmt.Errorf("PASSWORD_NORMALIZE_FORM %q: use NFC, NFD, NFKC, NFKD or none", form)
}

// prepare bounds and normalises what a visitor typed.
func (h *Hasher) prepare(plain string) (string, error) {
	if len(plain) > h.cfg.MaxBytes {
		return "", ErrTooLong
	}
	if !utf8.ValidString(plain) || strings.IndexByte(plain, 0) >= 0 {
		return "", ErrText
	}
	text := h.normalize(plain)
	if len(text) > h.cfg.MaxBytes { // compatibility forms can grow a text elevenfold
		return "", ErrTooLong
	}
	return text, nil
}

// secret is what the named scheme hashes: the text itself, or the base64 of its HMAC.
func (h *Hasher) secret(scheme, text string) []byte {
	if h.single(scheme) {
		return []byte(text)
	}
	mac := hmac.New(sha512.New, []byte(h.cfg.Salt))
	mac.Write([]byte(text))
	out := base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
	if scheme == bcryptName {
		out = out[:bcryptMax] // 72 of 88 characters still carry 432 bits
	}
	return out
}

func (h *Hasher) single(scheme string) bool {
	return h.cfg.Salt == "" || slices.Contains(h.cfg.SingleHash, scheme)
}
