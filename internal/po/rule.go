package po

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/leonelquinteros/gotext/plurals"
)

// Rule says which form of a text goes with a number.
type Rule struct {
	forms int
	eval  plurals.Expression
}

const (
	// ruleMax is longer than the rule of any language that is known.
	ruleMax = 500
	// formsMax is what Arabic has, the most of any language.
	formsMax = 6
	// sample is how far the rules of all known languages differ; beyond it they repeat.
	sample = 1000
)

// risky is what gotext divides by, or prints about, without an error.
func risky() *regexp.Regexp { return regexp.MustCompile(`%\s*0+([^0-9]|$)|\(\s*\)`) }

// Rule compiles the Plural-Forms field of the header, and reports false if
// there is none.
func (f *File) Rule() (Rule, bool, error) {
	field := f.Field("Plural-Forms")
	if field == "" {
		return Rule{}, false, nil
	}
	rule, err := Compile(field)
	return rule, true, err
}

// Compile reads a Plural-Forms field: "nplurals=2; plural=(n != 1);".
func Compile(field string) (Rule, error) {
	first, second, _ := strings.Cut(strings.Join(strings.Fields(field), ""), ";")
	forms, err := strconv.Atoi(strings.TrimPrefix(first, "nplurals="))
	if err != nil || forms < 1 || forms > formsMax || len(field) > ruleMax {
		return Rule{}, fmt.Errorf("plural forms %.60q: nplurals has to be 1 to %d", field, formsMax)
	}
	text, found := strings.CutPrefix(strings.TrimSuffix(second, ";"), "plural=")
	if !found || text == "" || strings.Trim(text, "n0123456789()?:=!<>%&|") != "" || risky().MatchString(text) {
		return Rule{}, fmt.Errorf("plural forms %.60q: plural is no rule about n", field)
	}
	eval, err := plurals.Compile(text)
	if err != nil || eval == nil {
		return Rule{}, fmt.Errorf("plural forms %.60q: plural is no rule that can be read", field)
	}
	rule := Rule{forms, eval}
	for n := range sample {
		if form := eval.Eval(uint32(n)); form < 0 || form >= forms {
			return Rule{}, fmt.Errorf("plural forms %.60q: there is no form %d, which %d would have", field, form, n)
		}
	}
	return rule, nil
}

// Forms returns how many forms a text has that counts something.
func (r Rule) Forms() int { return r.forms }

// Form returns the index of the form for n things.
func (r Rule) Form(n int) int {
	if r.eval == nil {
		return 0
	}
	if n < 0 {
		n = -max(n, -sample*sample)
	}
	if n >= sample*sample { // the last digits decide
		n = sample*sample + n%(sample*sample)
	}
	return min(max(r.eval.Eval(uint32(n)), 0), r.forms-1)
}

// Only returns the number that takes form, if it is a single one.
func (r Rule) Only(form int) (n int, single bool) {
	for i := range sample {
		if r.Form(i) != form {
			continue
		}
		if single {
			return 0, false
		}
		n, single = i, true
	}
	return n, single
}
