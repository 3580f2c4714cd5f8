package otp

import (
	"encoding/base32"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// groupSize is how many letters of a key are shown together.
const groupSize = 4

// Base32 returns a key as authenticator applications expect it to be typed:
// upper case (RFC 4648, section 6), without padding.
func Base32(key []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

// Grouped returns [Base32] in groups of four joined with dashes, to be read
// and typed by people.
func Grouped(key []byte) string {
	var groups []string
	for group := range slices.Chunk([]byte(Base32(key)), groupSize) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, "-")
}

// URI returns what the QR code of a key says to an authenticator application,
// in the Key URI format. The parameters are left out since they are the ones
// every application assumes. Without an issuer the label is the account alone.
//
// A colon is an error, in the issuer and in the account: the format allows it in
// neither, since ':' and '%3A' both separate the two. Encoded it would still be
// a separator to the application, some of which would show an account named
// "Bank:ann" as one at the bank. An account without a name is an error as well.
func URI(key []byte, issuer, account string) (string, error) {
	switch {
	case strings.Contains(issuer, ":"):
		return "", errors.New("otp: the issuer must not contain a colon")
	case strings.Contains(account, ":"):
		return "", errors.New("otp: the account must not contain a colon")
	case account == "":
		return "", errors.New("otp: the account has no name")
	}
	uri := "otpauth://totp/"
	if issuer != "" {
		uri += escape(issuer) + ":"
	}
	uri += escape(account) + "?secret=" + Base32(key)
	if issuer != "" {
		uri += "&issuer=" + escape(issuer)
	}
	return uri, nil
}

// escape encodes each byte but the unreserved ones (RFC 3986, section 2.3) and
// '@', which may stand in paths and queries alike. A space is %20: as '+',
// which means a space in forms only, applications would show a plus.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "%40", "@").Replace(url.QueryEscape(s))
}
