// Package phone turns what people type into numbers that text messages can be sent
// to, by the rules of each country (libphonenumber's, in Go). It is a package of
// its own because those rules are seven megabytes in a program: who offers no codes
// by text message does not import it.
package phone

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// MaxTyped is how many bytes of a typed number are read. Fifteen digits, the most
// that a number has (ITU-T E.164), are at most sixty in any script.
const MaxTyped = 64

// ErrInvalid is returned for everything that is not a number which a person could
// get a code at. It does not say why, nor what was typed.
var ErrInvalid = errors.New("phone: not a number that text messages can be sent to")

// Parser reads numbers. It is safe for concurrent use.
type Parser struct {
	// Region is where numbers without a country code are from; empty is US.
	Region string `setting:"PHONE_REGION_DEFAULT" default:"US" help:"Country, by its two letters (ISO 3166), whose numbers may be typed without a country code."`
}

func (p Parser) region() string {
	if p.Region == "" {
		return "US"
	}
	return p.Region
}

// Check returns an error if Region is not one of those known to the library.
func (p Parser) Check() error {
	known := phonenumbers.GetSupportedRegions()
	if known[p.region()] {
		return nil
	}
	return fmt.Errorf("phone: there is no country %q", p.Region)
}

// E164 returns a number as a plus sign and 8 to 15 ASCII digits, which is how it is
// stored, compared and sent to: two ways to type one number become equal. Its own
// result stays as it is. Digits of any script are read, with the signs that people
// write between them.
//
// It returns [ErrInvalid] for all else: what no country's plan has room for, short
// and emergency numbers, letters, and extensions, where a machine answers. Premium-rate,
// shared-cost and personal numbers are refused, too. No person reads texts there, but
// who rents such a number is paid for each message that a form can be made to
// send (toll fraud; OWASP calls it SMS pumping).
func (p Parser) E164(typed string) (string, error) {
	plain, ok := plain(typed)
	if !ok {
		return "", ErrInvalid
	}
	number, ok := parse(plain, p.region())
	if !ok {
		return "", ErrInvalid
	}
	// What changes when it is read again could not be found by what was stored. No
	// such number is known, but the plans change with every release of the library.
	if again, ok := parse(number, p.region()); !ok || again != number {
		return "", ErrInvalid
	}
	return number, nil
}

func parse(plain, region string) (string, bool) {
	number, err := phonenumbers.Parse(plain, region)
	if err != nil || number.GetExtension() != "" || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER:
		return "", false
	}
	out := phonenumbers.Format(number, phonenumbers.E164)
	return out, isE164(out)
}

func isE164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	if !plus || len(digits) < 8 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}
