package password

import (
	"cmp"
	"fmt"
)

// cost is a scheme's setting for new hashes, with the least that is accepted.
type cost struct{ standard, floor, ceiling int }

// writer returns the function that makes new hashes, and how strong they are. What it
// writes must stay readable under the configuration's own ceilings.
func (c *Config) writer() (func([]byte) (string, error), work, error) {
	if c.Scheme == "argon2" {
		a := argon2Policy(c.Profile)
		if int(a.memory) > c.MaxArgon2Memory || int(a.time) > c.MaxArgon2Time || int(a.threads) > c.MaxArgon2Threads {
			return nil, work{}, fmt.Errorf("password: new argon2 hashes (m=%d t=%d p=%d) are over the PASSWORD_MAX_ARGON2 ceilings", a.memory, a.time, a.threads)
		}
		return a.write, a.work(), nil
	}
	if c.Scheme == bcryptName {
		n, err := c.rounds(cost{12, 10, c.MaxBcryptRounds})
		return bcryptWriter(n), work{classBcrypt, uint64(n)}, err
	}
	if c.Scheme == "scrypt" {
		ceiling := 0
		for 1<<(ceiling+1) <= c.MaxScryptMemory { // r=8: 1 KiB for each of N
			ceiling++
		}
		n, err := c.rounds(cost{17, 14, min(ceiling, 30)})
		return scryptWriter(n), work{classMemory, 1 << n}, err
	}
	for _, f := range pbkdf2Formats()[1:] {
		if f.scheme == c.Scheme {
			least := 600_000 // ASVS 5.0 appendix C
			if f.scheme == "pbkdf2_sha512" {
				least = 210_000
			}
			n, err := c.rounds(cost{least, least, c.MaxPBKDF2Rounds})
			return f.writer(n), work{f.class, uint64(n)}, err
		}
	}
	for _, s := range shaCrypts() {
		if s.scheme == c.Scheme {
			least := 535_000 // passlib's defaults
			if s.scheme == "sha512_crypt" {
				least = 656_000
			}
			n, err := c.rounds(cost{least, least, c.MaxSHACryptRounds})
			return s.writer(n), work{classRounds, uint64(n)}, err
		}
	}
	return nil, work{}, fmt.Errorf("password: PASSWORD_HASH %q is only read, never written; use argon2", c.Scheme)
}

func (c *Config) rounds(k cost) (int, error) {
	n := cmp.Or(c.Rounds, k.standard)
	if n < k.floor || n > k.ceiling {
		return n, fmt.Errorf("password: PASSWORD_HASH_ROUNDS %d for %s, must be %d to %d", n, c.Scheme, k.floor, k.ceiling)
	}
	return n, nil
}
