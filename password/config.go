package password

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Config holds every setting of passwords: how they are hashed, which stored
// hashes are read, and what a new one must satisfy. The zero value is the
// documented default. The setting names get the prefix SECURITY_.
type Config struct {
	// Scheme makes new hashes. It must be one of Schemes.
	Scheme string `setting:"PASSWORD_HASH" default:"argon2" help:"scheme of new password hashes"`
	// Schemes are accepted for verification, and asked in this order whether a stored
	// hash is theirs. "plaintext" claims what no other scheme claims and must be last;
	// it is left out of the default because a readable password is a leak in waiting.
	Schemes []string `setting:"PASSWORD_SCHEMES" default:"bcrypt,argon2,pbkdf2_sha256,pbkdf2_sha512,sha256_crypt,sha512_crypt" help:"schemes accepted when a password is verified"`
	// Salt is the key of the HMAC-SHA512 that a password goes through before the slow
	// hash (a pepper: NIST SP 800-63B-4 section 3.1.1.2 asks for 112 bits or more, kept
	// apart from the database). Empty means that every scheme hashes once. It must be set before
	// the first account exists and can never change after that.
	Salt string `setting:"PASSWORD_SALT,secret" default:"" help:"key of the HMAC applied before hashing; never change it"`
	// SingleHash are the schemes that skip that HMAC, because another framework wrote
	// their hashes. The single entry "true" means all, "false" means plaintext only.
	SingleHash []string `setting:"PASSWORD_SINGLE_HASH" default:"django_argon2,django_bcrypt_sha256,django_pbkdf2_sha256,django_pbkdf2_sha1,django_bcrypt,django_salted_md5,django_salted_sha1,plaintext" help:"schemes that hash the password without the HMAC"`
	// Profile chooses the argon2id parameters: "" is m=19456 t=2 p=1 (OWASP, ASVS 5.0
	// appendix C), "flask-security" is m=65536 t=3 p=4 (RFC 9106 section 4, low memory).
	Profile string `setting:"PASSWORD_HASH_PROFILE" default:"" help:"argon2id parameters: empty or flask-security"`
	// Rounds is the cost of new hashes for the other schemes: the logarithm for bcrypt
	// and scrypt, iterations for the rest. Zero is the scheme's default, 12 for bcrypt,
	// 17 for scrypt, and the figures of ASVS 5.0 appendix C for PBKDF2. Less than the
	// scheme's floor is refused.
	Rounds int `setting:"PASSWORD_HASH_ROUNDS" default:"0" help:"cost of new hashes for schemes other than argon2; 0 is the scheme's default"`
	// NormalizeForm is the Unicode form of a password before anything else is done
	// with it: NFC, NFD, NFKC, NFKD or none.
	NormalizeForm string `setting:"PASSWORD_NORMALIZE_FORM" default:"NFKD" help:"Unicode form applied to passwords: NFC, NFD, NFKC, NFKD or none"`
	// MaxBytes bounds a password in bytes, before and after normalisation. Longer ones are refused
	// before any hashing (compare CVE-2013-1443).
	MaxBytes int `setting:"PASSWORD_MAX_BYTES" default:"1024" help:"longest password in bytes that is hashed at all"`
	// Argon2Memory, in KiB, Argon2Time and Argon2Threads take the place of single
	// parameters of the profile; "doorward hash calibrate" proposes some. Less than OWASP's
	// table asks for is refused.
	Argon2Memory int `setting:"PASSWORD_ARGON2_MEMORY" default:"0" help:"argon2 memory of new hashes, in KiB; 0 is the profile's"`
	// Argon2Time is the number of passes over the memory.
	Argon2Time int `setting:"PASSWORD_ARGON2_TIME" default:"0" help:"argon2 passes of new hashes; 0 is the profile's"`
	// Argon2Threads is the number of lanes, each of which occupies a processor.
	Argon2Threads int `setting:"PASSWORD_ARGON2_THREADS" default:"0" help:"argon2 lanes of new hashes; 0 is the profile's"`

	// The gate bounds what is hashed at once, so that a crowd at the door exhausts
	// neither memory nor processors.

	// Memory is how many MiB the hashes of one moment may occupy. The default is a
	// quarter of the memory limit (the least of GOMEMLIMIT, the control group's and the
	// machine's), because the collector keeps about as much again before it frees it, or
	// 64 for each processor if that is less. A hash that needs more runs alone.
	Memory int `setting:"PASSWORD_HASH_MEMORY" default:"0" help:"MiB that slow hashes occupy at once; 0 is a quarter of the memory limit, at most 64 for each processor"`
	// Slots is how many processors slow hashes occupy at once; an argon2 hash takes one for
	// each lane, at most all. The default is half of GOMAXPROCS, at least one: a hash
	// holds its processor for tens of milliseconds, and the other half stays free for
	// requests that hash nothing.
	Slots int `setting:"PASSWORD_HASH_SLOTS" default:"0" help:"processors that slow hashes occupy at once, one for each argon2 lane; 0 is half of them"`
	// Queue bounds how many calls wait for their turn; one more fails with [ErrBusy] at
	// once. It is long on purpose: who waits costs some kilobytes and asks for nothing,
	// and who is refused at once comes back at once. Wait is what ends most waits.
	Queue int `setting:"PASSWORD_HASH_QUEUE" default:"1024" help:"slow hashes that wait for a place; more are refused at once"`
	// SignedInQueue bounds the line of those whom [Preferred] marks. Who finds no place
	// there waits in the other.
	SignedInQueue int `setting:"PASSWORD_HASH_QUEUE_SIGNED_IN" default:"0" help:"slow hashes for signed-in users that wait in a line of their own; 0 is 8 for each slot"`
	// Wait is the longest time to wait; then the call fails with [ErrBusy].
	Wait time.Duration `setting:"PASSWORD_HASH_WAIT" default:"3s" help:"longest wait for a slow hash to begin"`
	// Observe is told of each hash that was computed or refused, from the goroutine that
	// asked for it. It must be quick and safe for concurrent use.
	Observe func(Event) `setting:"-"`

	// The ceilings refuse parameters of a stored hash that would let one database row
	// occupy the machine.

	// MaxArgon2Memory is in KiB.
	MaxArgon2Memory int `setting:"PASSWORD_MAX_ARGON2_MEMORY" default:"262144" help:"ceiling of argon2 memory in a stored hash, in KiB"`
	// MaxArgon2Time bounds the passes over the memory.
	MaxArgon2Time int `setting:"PASSWORD_MAX_ARGON2_TIME" default:"10" help:"ceiling of argon2 passes in a stored hash"`
	// MaxArgon2Threads bounds the lanes; more than 255 does not exist.
	MaxArgon2Threads int `setting:"PASSWORD_MAX_ARGON2_THREADS" default:"16" help:"ceiling of argon2 lanes in a stored hash"`
	// MaxScryptMemory bounds 128*N*r, in KiB.
	MaxScryptMemory int `setting:"PASSWORD_MAX_SCRYPT_MEMORY" default:"262144" help:"ceiling of scrypt memory in a stored hash, in KiB"`
	// MaxScryptThreads bounds p.
	MaxScryptThreads int `setting:"PASSWORD_MAX_SCRYPT_THREADS" default:"16" help:"ceiling of scrypt parallelism in a stored hash"`
	// MaxBcryptRounds bounds the logarithm of the cost.
	MaxBcryptRounds int `setting:"PASSWORD_MAX_BCRYPT_ROUNDS" default:"15" help:"ceiling of bcrypt cost in a stored hash"`
	// MaxPBKDF2Rounds bounds the iterations.
	MaxPBKDF2Rounds int `setting:"PASSWORD_MAX_PBKDF2_ROUNDS" default:"10000000" help:"ceiling of PBKDF2 iterations in a stored hash"`
	// MaxSHACryptRounds bounds the rounds of sha256_crypt and sha512_crypt.
	MaxSHACryptRounds int `setting:"PASSWORD_MAX_SHA_CRYPT_ROUNDS" default:"2000000" help:"ceiling of sha256_crypt and sha512_crypt rounds in a stored hash"`

	// LengthMin is the shortest new password, in code points after normalisation. The
	// longest is 128. NIST SP 800-63B-4 asks for 15 where no second factor is required.
	LengthMin int `setting:"PASSWORD_LENGTH_MIN" default:"8" help:"shortest new password in characters"`
	// AllowCommon switches off the refusal of the commonest passwords (ASVS 6.2.4).
	AllowCommon bool `setting:"PASSWORD_ALLOW_COMMON" default:"false" help:"accept the commonest passwords"`
	// Complexity "zxcvbn" estimates how many guesses a new password withstands.
	Complexity string `setting:"PASSWORD_COMPLEXITY_CHECKER" default:"" help:"empty or zxcvbn"`
	// MinimumScore is the zxcvbn score, 1 to 4, that a new password needs. To accept any
	// score leave Complexity empty.
	MinimumScore int `setting:"ZXCVBN_MINIMUM_SCORE" default:"3" help:"zxcvbn score a new password needs, 1 to 4"`
	// CheckBreached looks new passwords up among known leaks (ASVS 6.2.12): "" or "false"
	// is off, "strict" refuses when the site cannot be asked, "best-effort" accepts then.
	CheckBreached string `setting:"PASSWORD_CHECK_BREACHED" default:"false" help:"look new passwords up among known leaks: false, strict or best-effort"`
	// BreachedCount is from how many sightings a password counts as leaked.
	BreachedCount int `setting:"PASSWORD_BREACHED_COUNT" default:"1" help:"sightings from which a password counts as leaked"`
	// BreachedURL is where the range API lives.
	BreachedURL string `setting:"PASSWORD_BREACHED_URL" default:"https://api.pwnedpasswords.com" help:"base URL of the leak range API"`
	// BreachedTimeout bounds one question to it.
	BreachedTimeout time.Duration `setting:"PASSWORD_BREACHED_TIMEOUT" default:"3s" help:"longest wait for the leak range API"`
	// BreachedMaxBytes bounds its answer.
	BreachedMaxBytes int `setting:"PASSWORD_BREACHED_MAX_BYTES" default:"1048576" help:"longest answer read from the leak range API"`
}

// resolved returns a copy with the defaults filled in, or every mistake at once.
func (c Config) resolved() (Config, error) {
	c.defaults()
	errs := c.checkNumbers()
	if !slices.Contains(c.Schemes, c.Scheme) {
		errs = append(errs, fmt.Errorf("PASSWORD_HASH %q is not in PASSWORD_SCHEMES", c.Scheme))
	}
	if i := slices.Index(c.Schemes, plaintextName); i >= 0 && i != len(c.Schemes)-1 {
		errs = append(errs, errors.New("PASSWORD_SCHEMES: plaintext claims every text, so it must be last"))
	}
	if c.Profile != "" && c.Profile != profileFlask {
		errs = append(errs, fmt.Errorf("PASSWORD_HASH_PROFILE %q: use %q or leave it empty", c.Profile, profileFlask))
	}
	if _, err := normalizer(c.NormalizeForm); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, c.checkPolicy()...)
	if len(errs) > 0 {
		return c, fmt.Errorf("password: %w", errors.Join(errs...))
	}
	return c, nil
}

func (c *Config) defaults() {
	c.Scheme = cmp.Or(c.Scheme, "argon2")
	c.Schemes = slices.Clone(c.Schemes)
	if len(c.Schemes) == 0 {
		c.Schemes = []string{"bcrypt", "argon2", "pbkdf2_sha256", "pbkdf2_sha512", "sha256_crypt", "sha512_crypt"}
	}
	c.SingleHash = slices.Clone(c.SingleHash)
	switch {
	case len(c.SingleHash) == 0:
		c.SingleHash = []string{"django_argon2", "django_bcrypt_sha256", "django_pbkdf2_sha256", "django_pbkdf2_sha1",
			"django_bcrypt", "django_salted_md5", "django_salted_sha1", plaintextName}
	case len(c.SingleHash) == 1 && strings.EqualFold(c.SingleHash[0], "true"):
		c.SingleHash = schemeNames()
	case len(c.SingleHash) == 1 && strings.EqualFold(c.SingleHash[0], "false"):
		c.SingleHash = []string{plaintextName}
	}
	c.NormalizeForm = cmp.Or(c.NormalizeForm, "NFKD")
	c.MaxBytes = cmp.Or(c.MaxBytes, 1024)
	c.Slots = cmp.Or(c.Slots, max(runtime.GOMAXPROCS(0)/2, 1))
	c.Queue = cmp.Or(c.Queue, 1024)
	c.SignedInQueue = cmp.Or(c.SignedInQueue, 8*max(c.Slots, 1))
	c.Wait = cmp.Or(c.Wait, 3*time.Second)
	c.MaxArgon2Memory = cmp.Or(c.MaxArgon2Memory, 256<<10)
	c.MaxArgon2Time = cmp.Or(c.MaxArgon2Time, 10)
	c.MaxArgon2Threads = cmp.Or(c.MaxArgon2Threads, 16)
	c.MaxScryptMemory = cmp.Or(c.MaxScryptMemory, 256<<10)
	c.MaxScryptThreads = cmp.Or(c.MaxScryptThreads, 16)
	c.MaxBcryptRounds = cmp.Or(c.MaxBcryptRounds, 15)
	c.MaxPBKDF2Rounds = cmp.Or(c.MaxPBKDF2Rounds, 10_000_000)
	c.MaxSHACryptRounds = cmp.Or(c.MaxSHACryptRounds, 2_000_000)
	c.LengthMin = cmp.Or(c.LengthMin, 8)
	c.MinimumScore = cmp.Or(c.MinimumScore, 3)
	c.BreachedCount = cmp.Or(c.BreachedCount, 1)
	c.BreachedURL = cmp.Or(c.BreachedURL, "https://api.pwnedpasswords.com")
	c.BreachedTimeout = cmp.Or(c.BreachedTimeout, 3*time.Second)
	c.BreachedMaxBytes = cmp.Or(c.BreachedMaxBytes, 1<<20)
}

// checkNumbers refuses what is out of range. The upper ends are those of the formats,
// or keep an intermediate product within 64 bits.
func (c *Config) checkNumbers() (errs []error) {
	for _, n := range []struct {
		name            string
		value, min, max int
	}{
		{"PASSWORD_MAX_BYTES", c.MaxBytes, 64, 1 << 20},
		{"PASSWORD_HASH_MEMORY", c.Memory, 0, 1 << 20},
		{"PASSWORD_HASH_SLOTS", c.Slots, 1, 1 << 16},
		{"PASSWORD_HASH_QUEUE", c.Queue, 1, 1 << 22},
		{"PASSWORD_HASH_QUEUE_SIGNED_IN", c.SignedInQueue, 1, 1 << 22},
		{"PASSWORD_ARGON2_MEMORY", c.Argon2Memory, 0, c.MaxArgon2Memory},
		{"PASSWORD_ARGON2_TIME", c.Argon2Time, 0, c.MaxArgon2Time},
		{"PASSWORD_ARGON2_THREADS", c.Argon2Threads, 0, c.MaxArgon2Threads},
		{"PASSWORD_MAX_ARGON2_MEMORY", c.MaxArgon2Memory, 8, 16 << 20},
		{"PASSWORD_MAX_ARGON2_TIME", c.MaxArgon2Time, 1, 1000},
		{"PASSWORD_MAX_ARGON2_THREADS", c.MaxArgon2Threads, 1, 255},
		{"PASSWORD_MAX_SCRYPT_MEMORY", c.MaxScryptMemory, 1, 16 << 20},
		{"PASSWORD_MAX_SCRYPT_THREADS", c.MaxScryptThreads, 1, 255},
		{"PASSWORD_MAX_BCRYPT_ROUNDS", c.MaxBcryptRounds, 4, 31},
		{"PASSWORD_MAX_PBKDF2_ROUNDS", c.MaxPBKDF2Rounds, 1, 1 << 30},
		{"PASSWORD_MAX_SHA_CRYPT_ROUNDS", c.MaxSHACryptRounds, 1000, 999_999_999},
		{"PASSWORD_LENGTH_MIN", c.LengthMin, 1, lengthMax},
		{"ZXCVBN_MINIMUM_SCORE", c.MinimumScore, 1, 4},
		{"PASSWORD_BREACHED_COUNT", c.BreachedCount, 1, 1 << 30},
		{"PASSWORD_BREACHED_MAX_BYTES", c.BreachedMaxBytes, 1 << 10, 1 << 26},
	} {
		if n.value < n.min || n.value > n.max {
			errs = append(errs, fmt.Errorf("%s is %d, must be %d to %d", n.name, n.value, n.min, n.max))
		}
	}
	if c.Wait < 0 || c.BreachedTimeout < 0 {
		errs = append(errs, errors.New("PASSWORD_HASH_WAIT and PASSWORD_BREACHED_TIMEOUT cannot be negative"))
	}
	return errs
}
