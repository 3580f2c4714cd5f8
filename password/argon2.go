package password

import (
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

// argon2Policy returns the parameters for new hashes.
func argon2Policy(profile string) argon2Cost {
	if profile == profileFlask {
		return argon2Cost{memory: 64 << 10, time: 3, threads: 4}
	}
	return argon2Cost{memory: 19 << 10, time: 2, threads: 1}
}

// argon2Fast is for test suites only.
func argon2Fast() argon2Cost { return argon2Cost{memory: 8, time: 1, threads: 1} }

func (c argon2Cost) work() work {
	return work{class: classMemory, cost: uint64(c.memory) * uint64(c.time)}
}

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
	return parsed{work: w, check: func(secret []byte) bool {
		got := derive(secret, salt, cost.time, cost.memory, cost.threads, uint32(len(tag)))
		return subtle.ConstantTimeCompare(got, tag) == 1
	}}, nil
}
