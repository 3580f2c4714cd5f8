package password

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const profileFlask = "flask-security"

// argon2Cost are the parameters of RFC 9106; memory in KiB.
type argon2Cost struct {
	memory, time uint32
	threads      uint8
}

// argon2Policy returns the parameters for new hashes: the profile's, where the settings
// name none.
func (c *Config) argon2Policy() (argon2Cost, error) {
	m, t, p := 19<<10, 2, 1
	if c.Profile == profileFlask {
		m, t, p = 64<<10, 3, 4
	}
	m, t, p = cmp.Or(c.Argon2Memory, m), cmp.Or(c.Argon2Time, t), cmp.Or(c.Argon2Threads, p)
	if t < 1 || p < 1 || m < argon2Floor(t) {
		return argon2Cost{}, fmt.Errorf("password: new argon2 hashes with m=%d t=%d p=%d are too weak; PASSWORD_ARGON2_MEMORY must be at least %d for that time", m, t, p, argon2Floor(t))
	}
	if m > c.MaxArgon2Memory || t > c.MaxArgon2Time || p > c.MaxArgon2Threads {
		return argon2Cost{}, fmt.Errorf("password: new argon2 hashes (m=%d t=%d p=%d) are over the PASSWORD_MAX_ARGON2 ceilings", m, t, p)
	}
	return argon2Cost{memory: uint32(m), time: uint32(t), threads: uint8(p)}, nil
}

// argon2Floor is the least memory in KiB for a number of passes: the equivalent choices
// of OWASP's Password Storage Cheat Sheet and ASVS 5.0 appendix C. More lanes do not
// make a guess dearer, so they do not lower it.
func argon2Floor(time int) int {
	table := []int{46 << 10, 19 << 10, 12 << 10, 9 << 10, 7 << 10}
	return table[min(max(time, 1), len(table))-1]
}

// argon2Fast is for test suites only.
func argon2Fast() argon2Cost { return argon2Cost{memory: 8, time: 1, threads: 1} }

func (c argon2Cost) work() work {
	return work{class: classMemory, cost: uint64(c.memory) * uint64(c.time)}
}

// load counts each lane as a processor, because that is how they are computed.
func (c argon2Cost) load() load { return loadOf(uint64(c.memory)<<10, int(c.threads)) }

// Sizes of RFC 9106 section 4: 128-bit salt, 256-bit tag.
const (
	argon2Salt   = 16
	argon2Tag    = 32
	argon2TagMin = 16
)

func (c argon2Cost) write(secret []byte) (string, error) {
	salt := make([]byte, argon2Salt)
	rand.Read(salt)
	tag := argon2.IDKey(secret, salt, c.time, c.memory, c.threads, argon2Tag)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		c.memory, c.time, c.threads, b64.EncodeToString(salt), b64.EncodeToString(tag)), nil
}

// parseArgon2 reads $argon2id$v=19$m=65536,t=3,p=4$salt$tag.
func parseArgon2(l *Config, stored string) (parsed, error) {
	f := strings.Split(stored, "$")
	if len(f) != 6 {
		return parsed{}, malformed("parameters")
	}
	if f[1] == "argon2d" {
		return parsed{}, &HashError{Param: "type d", Reason: "is not supported"}
	}
	if f[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return parsed{}, &HashError{Param: "v", Reason: "is not supported"}
	}
	n, err := numbers(f[3], []string{"m", "t", "p"}, []int{8, 1, 1},
		[]int{l.MaxArgon2Memory, l.MaxArgon2Time, l.MaxArgon2Threads})
	if err != nil {
		return parsed{}, err
	}
	if n[0] < 8*n[2] {
		return parsed{}, malformed("m") // RFC 9106 section 3.1
	}
	salt, err := decode("salt", base64.RawStdEncoding, f[4], 8, saltMax)
	if err != nil {
		return parsed{}, err
	}
	tag, err := decode("tag", base64.RawStdEncoding, f[5], argon2TagMin, 128)
	if err != nil {
		return parsed{}, err
	}
	cost := argon2Cost{memory: uint32(n[0]), time: uint32(n[1]), threads: uint8(n[2])}
	derive, w := argon2.IDKey, cost.work()
	if f[1] == "argon2i" { // known trade-off attacks: RFC 9106 section 7.3
		derive, w.cost = argon2.Key, w.cost/2
	}
	return parsed{work: w, load: cost.load(), check: func(secret []byte) bool {
		got := derive(secret, salt, cost.time, cost.memory, cost.threads, uint32(len(tag)))
		return subtle.ConstantTimeCompare(got, tag) == 1
	}}, nil
}
