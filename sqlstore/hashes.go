package sqlstore

import (
	"strconv"
	"strings"
)

// hashScheme names the kind of a password hash by its beginning, and says
// whether package password reads that kind. What is unknown is not repeated: it
// may be a password in plain text.
func hashScheme(stored string) (name string, read bool) {
	for _, s := range []struct {
		name, beginnings string
		read             bool
	}{
		{"argon2", "$argon2id$ $argon2i$ $argon2d$ argon2$", true},
		{"bcrypt", "$2a$ $2b$ $2y$ $bcrypt-sha256$ bcrypt$ bcrypt_sha256$", true},
		{"scrypt", "$scrypt$", true},
		{"pbkdf2", "$pbkdf2$ $pbkdf2-sha256$ $pbkdf2-sha512$ pbkdf2_sha1$ pbkdf2_sha256$", true},
		{"sha_crypt", "$5$ $6$", true},
		{"django_salted", "sha1$ md5$", true},
		{"md5_crypt", "$1$ $apr1$", false},
		{"phpass", "$P$ $H$", false},
		{"sha1_crypt", "$sha1$", false},
		{"sun_md5_crypt", "$md5$ $md5,", false},
		{"nthash", "$3$", false},
		{"django_des_crypt", "crypt$", false},
		{"an LDAP server's", "{SSHA {SHA {MD5} {SMD5} {CRYPT} {PBKDF2", false},
	} {
		for beginning := range strings.FieldsSeq(s.beginnings) {
			if strings.HasPrefix(stored, beginning) {
				return s.name, s.read
			}
		}
	}
	const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	switch {
	case stored == "":
		return "", true // no password
	case len(stored) == 13 && strings.Trim(stored, alphabet) == "":
		return "des_crypt", false
	}
	return "unknown, or plain text", false
}

// count is a number of things, in words.
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.FormatInt(n, 10) + " " + thing + "s"
}
