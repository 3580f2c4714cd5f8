package password

import (
	"cmp"
	"fmt"
)

// cost is a scheme's setting for new hashes, with the least that is accepted.
type cost struct{ standard, floor, ceiling int }

// writer makes new hashes.
type writer struct {
	write func(secret []byte) (string, error)
	work  work
	load  load
}

// writer returns what makes new hashes. What it writes must stay readable under the
// configuration's own ceilings.
func (c *Config) writer() (writer, error) {
	if c.Scheme == "argon2" {
		a, err := c.argon2Policy()
		return writer{a.write, a.work(), a.load()}, err
	}
	if c.Scheme == bcryptName {
		n, err := c.rounds(cost{12, 10, c.MaxBcryptRounds})
		return writer{write: bcryptWriter(n), work: work{classBcrypt, 1 << n}}, err
	}
	if c.Scheme == "scrypt" {
		ceiling := 0
		for 1<<(ceiling+1) <= c.MaxScryptMemory { // r=8: 1 KiB for each of N
			ceiling++
		}
		n, err := c.rounds(cost{17, 14, min(ceiling, 30)})
		return writer{scryptWriter(n), work{classMemory, 1 << n}, scryptLoad(n, 8, 1)}, err
	}
	for _, f := range pbkdf2Formats()[1:] {
		if f.scheme == c.Scheme {
			least := 600_000 // ASVS 5.0 appendix C
			if f.scheme == "pbkdf2_sha512" {
				least = 210_000
			}
			n, err := c.rounds(cost{least, least, c.MaxPBKDF2Rounds})
			return writer{write: f.writer(n), work: work{f.class, uint64(n)}}, err
		}
	}
	for _, s := range shaCrypts() {
		if s.scheme == c.Scheme {
			least := 535_000 // passlib's defaults
			if s.scheme == "sha512_crypt" {
				least = 656_000
			}
			n, err := c.rounds(cost{least, least, c.MaxSHACryptRounds})
			return writer{write: s.writer(n), work: work{classRounds, uint64(n)}}, err
		}
	}
	return writer{}, fmt.Errorf("password: PASSWORD_HASH %q is only read, never written; use argon2", c.Scheme)
}

func (c *Config) rounds(k cost) (int, error) {
	n := cmp.Or(c.Rounds, k.standard)
	if n < k.floor || n > k.ceiling {
		return n, fmt.Errorf("password: PASSWORD_HASH_ROUNDS %d for %s, must be %d to %d", n, c.Scheme, k.floor, k.ceiling)
	}
	return n, nil
}
