package password

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"
	"strings"
)

// shaCrypt is U. Drepper's "Unix crypt using SHA-256 and SHA-512", version 0.6.
type shaCrypt struct {
	scheme, ident string
	digest        func() hash.Hash
	chars         int // characters of the encoded digest
	// order gives the digest's bytes in the order they are encoded, three at a time.
	order func() []int
}

// shaCryptImplied is the number of rounds where the text names none.
const shaCryptImplied = 5000

func shaCrypts() []shaCrypt {
	return []shaCrypt{
		{"sha256_crypt", "$5$", sha256.New, 43, shaCrypt256Order},
		{"sha512_crypt", "$6$", sha512.New, 86, shaCrypt512Order},
	}
}

func shaCryptSchemes() (list []scheme) {
	for _, c := range shaCrypts() {
		list = append(list, scheme{c.scheme, prefix(c.ident), c.parse})
	}
	return list
}

// parse reads $5$rounds=535000$salt$digest.
func (c shaCrypt) parse(l *Config, stored string) (parsed, error) {
	f := strings.Split(stored[len(c.ident):], "$")
	rounds := shaCryptImplied
	if text, ok := strings.CutPrefix(f[0], "rounds="); ok {
		n, err := number("rounds", text, 1000, l.MaxSHACryptRounds)
		if err != nil {
			return parsed{}, err
		}
		rounds, f = n, f[1:]
	}
	if len(f) != 2 {
		return parsed{}, malformed("parameters")
	}
	salt, want := []byte(f[0]), []byte(f[1])
	if !only(f[0], hash64, 0, 16) {
		return parsed{}, malformed("salt")
	}
	if !only(f[1], hash64, c.chars, c.chars) {
		return parsed{}, malformed("digest")
	}
	return parsed{work: work{classRounds, uint64(rounds)}, check: func(secret []byte) bool {
		return subtle.ConstantTimeCompare(c.sum(secret, salt, rounds), want) == 1
	}}, nil
}

func (c shaCrypt) writer(rounds int) func([]byte) (string, error) {
	return func(secret []byte) (string, error) {
		salt := make([]byte, 16)
		rand.Read(salt)
		for i, b := range salt {
			salt[i] = hash64[b&63]
		}
		return fmt.Sprintf("%srounds=%d$%s$%s", c.ident, rounds, salt, c.sum(secret, salt, rounds)), nil
	}
}

// WeakSHA256Crypt returns the sha256_crypt text of a secret, with a random salt and 1000
// rounds, the fewest that the scheme has. It is for other systems that expect a value in
// this format where nothing is to be stretched; for a password it is far too quick.
func WeakSHA256Crypt(secret []byte) string {
	const fewest = 1000
	text, _ := shaCrypts()[0].writer(fewest)(secret) // it reports no error
	return text
}

// sum is the algorithm; the step numbers are those of its description.
func (c shaCrypt) sum(key, salt []byte, rounds int) []byte {
	h := c.digest()
	digest := func(parts ...[]byte) []byte {
		h.Reset()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	b := digest(key, salt, key) // 4-8
	first := [][]byte{key, salt, stretch(b, len(key))}
	for n := len(key); n > 0; n >>= 1 { // 11
		if n&1 == 1 {
			first = append(first, b)
		} else {
			first = append(first, key)
		}
	}
	a := digest(first...)
	p := stretch(digest(bytes.Repeat(key, len(key))), len(key))       // 13-16
	s := stretch(digest(bytes.Repeat(salt, 16+int(a[0]))), len(salt)) // 17-20
	for i := range rounds {                                           // 21
		h.Reset()
		if i&1 == 1 {
			h.Write(p)
		} else {
			h.Write(a)
		}
		if i%3 != 0 {
			h.Write(s)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		if i&1 == 1 {
			h.Write(a)
		} else {
			h.Write(p)
		}
		a = h.Sum(a[:0])
	}
	return c.encode(a)
}

// stretch repeats b up to n bytes.
func stretch(b []byte, n int) []byte {
	return bytes.Repeat(b, n/len(b)+1)[:n]
}

// encode writes groups of 24 bits, six bits at a time from the low end.
func (c shaCrypt) encode(sum []byte) []byte {
	order := c.order()
	out := make([]byte, 0, c.chars+3)
	for ; len(order) >= 3; order = order[3:] {
		w := uint(sum[order[0]])<<16 | uint(sum[order[1]])<<8 | uint(sum[order[2]])
		for range 4 {
			out, w = append(out, hash64[w&63]), w>>6
		}
	}
	w, bits := uint(0), 8*len(order)
	for _, i := range order {
		w = w<<8 | uint(sum[i])
	}
	for ; bits > 0; bits -= 6 {
		out, w = append(out, hash64[w&63]), w>>6
	}
	return out
}

func shaCrypt256Order() (order []int) {
	for x, y, z, i := 0, 10, 20, 0; i < 10; i++ {
		order = append(order, x, y, z)
		x, y, z = z+1, x+1, y+1
	}
	return append(order, 31, 30)
}

func shaCrypt512Order() (order []int) {
	for x, y, z, i := 0, 21, 42, 0; i < 21; i++ {
		order = append(order, x, y, z)
		x, y, z = y+1, z+1, x+1
	}
	return append(order, 63)
}
