package password

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
)

// Message keys of a [Violation].
const (
	KeyInvalidLength     = "PASSWORD_INVALID_LENGTH"
	KeyTooSimple         = "PASSWORD_TOO_SIMPLE"
	KeyBreached          = "PASSWORD_BREACHED"
	KeyBreachedSiteError = "PASSWORD_BREACHED_SITE_ERROR"
)

// Violation is a reason to refuse a new password.
type Violation struct {
	Key  string         // message key, one of the constants above
	Args map[string]any // values for the message
	Text string         // the reason in English, for where no catalogue is at hand
}

const (
	lengthMax = 128 // code points; NIST SP 800-63B-4 asks to permit at least 64
	// scoreMax is how much of a password zxcvbn sees. Its time grows with more than the
	// square of the length; 72 characters it has not found weak are strong.
	scoreMax = 72
	// contextMax bounds the words zxcvbn is given, contextWordMax each of them.
	contextMax     = 32
	contextWordMax = 100
	// contextMin is the shortest context word that a password is compared with.
	contextMin = 4

	checkerZxcvbn = "zxcvbn"
	breachStrict  = "strict"
	breachBest    = "best-effort"
)

// Policy judges new passwords. It is safe for concurrent use.
type Policy struct {
	cfg       Config
	normalize func(string) string
	common    map[string]bool
	breaches  Breaches // nil: not asked
}

// NewPolicy checks the configuration and returns a Policy. The breaches are asked only
// when PASSWORD_CHECK_BREACHED says so; nil is a client of the range API.
func NewPolicy(cfg Config, breaches Breaches) (*Policy, error) {
	cfg, err := cfg.resolved()
	if err != nil {
		return nil, err
	}
	p := &Policy{cfg: cfg}
	if p.normalize, err = normalizer(cfg.NormalizeForm); err != nil {
		return nil, err
	}
	if !cfg.AllowCommon {
		p.common = commonPasswords()
	}
	if cfg.checksBreaches() {
		p.breaches = breaches
		if breaches == nil {
			p.breaches = newRangeClient(cfg)
		}
	}
	return p, nil
}

func (c *Config) checksBreaches() bool {
	return c.CheckBreached == breachStrict || c.CheckBreached == breachBest
}

func (c *Config) checkPolicy() (errs []error) {
	if c.Complexity != "" && c.Complexity != checkerZxcvbn {
		errs = append(errs, fmt.Errorf("PASSWORD_COMPLEXITY_CHECKER %q: use %q or leave it empty", c.Complexity, checkerZxcvbn))
	}
	if !c.checksBreaches() && c.CheckBreached != "" && c.CheckBreached != "false" {
		errs = append(errs, fmt.Errorf("PASSWORD_CHECK_BREACHED %q: use false, %s or %s", c.CheckBreached, breachStrict, breachBest))
	}
	if u, err := url.Parse(c.BreachedURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		errs = append(errs, errors.New("PASSWORD_BREACHED_URL must be an http or https URL"))
	}
	return errs
}

// Check returns why the password may not be used, or nothing. The words are
// what an attacker would try first for this user (address, user name, the name of the
// service: ASVS 6.1.2 and 6.2.11).
//
// The checks go from cheap to dear and stop at the first that fails, so that a password
// that is refused anyway is not looked up outside.
func (p *Policy) Check(ctx context.Context, plain string, words []string) []Violation {
	if len(plain) > p.cfg.MaxBytes || !utf8.ValidString(plain) || strings.IndexByte(plain, 0) >= 0 {
		return []Violation{p.badLength("Password is too long or not text")}
	}
	text := p.normalize(plain)
	checks := []func() (Violation, bool){
		func() (Violation, bool) { return p.checkLength(text) },
		func() (Violation, bool) { return p.checkKnown(text, words) },
		func() (Violation, bool) { return p.checkScore(text, words) },
		func() (Violation, bool) { return p.checkBreaches(ctx, text) },
	}
	for _, check := range checks {
		if v, bad := check(); bad {
			return []Violation{v}
		}
	}
	return nil
}

func (p *Policy) checkLength(text string) (Violation, bool) {
	switch n := utf8.RuneCountInString(text); {
	case n < p.cfg.LengthMin:
		return p.badLength(fmt.Sprintf("Password must have at least %d characters", p.cfg.LengthMin)), true
	case n > lengthMax, len(text) > p.cfg.MaxBytes:
		return p.badLength(fmt.Sprintf("Password must have at most %d characters", lengthMax)), true
	}
	return Violation{}, false
}

func (p *Policy) badLength(text string) Violation {
	return Violation{KeyInvalidLength, map[string]any{"length": p.cfg.LengthMin, "max": lengthMax}, text}
}

// checkKnown refuses the commonest passwords and the context words themselves. NIST SP
// 800-63B-4 section 3.1.1.2: whole passwords are compared, not parts of them.
func (p *Policy) checkKnown(text string, words []string) (Violation, bool) {
	lower := strings.ToLower(text)
	if p.common[lower] {
		return Violation{Key: KeyTooSimple, Text: "This is one of the most used passwords"}, true
	}
	for _, word := range words {
		word = strings.ToLower(p.normalize(word))
		local, _, _ := strings.Cut(word, "@")
		for _, w := range []string{word, local} {
			if len(w) >= contextMin && lower == w {
				return Violation{Key: KeyTooSimple, Text: "Password must not be your name or address"}, true
			}
		}
	}
	return Violation{}, false
}

func (p *Policy) checkScore(text string, words []string) (Violation, bool) {
	if p.cfg.Complexity != checkerZxcvbn {
		return Violation{}, false
	}
	var inputs []string
	for _, w := range words[:min(len(words), contextMax)] {
		inputs = append(inputs, strings.ToLower(firstRunes(w, contextWordMax)))
	}
	score := zxcvbn.PasswordStrength(firstRunes(text, scoreMax), inputs).Score
	if score >= p.cfg.MinimumScore {
		return Violation{}, false
	}
	return Violation{Key: KeyTooSimple, Args: map[string]any{"score": score},
		Text: "Password is easy to guess; a few uncommon words make a better one"}, true
}

func (p *Policy) checkBreaches(ctx context.Context, text string) (Violation, bool) {
	if p.breaches == nil {
		return Violation{}, false
	}
	n, err := p.breaches.Count(ctx, text)
	switch {
	case err != nil && p.cfg.CheckBreached == breachStrict:
		return Violation{Key: KeyBreachedSiteError, Text: "Password could not be looked up among known leaks; try again later"}, true
	case err == nil && n >= p.cfg.BreachedCount:
		return Violation{Key: KeyBreached, Text: "Password is in a list of leaked passwords"}, true
	}
	return Violation{}, false
}

// firstRunes returns the first n code points of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
