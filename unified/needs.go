package unified

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// viaPassword is the one way to sign in that is no code.
const viaPassword = "password"

// known are all ways that there are.
func known() []string { return []string{viaPassword, codes.Email, codes.Authenticator, codes.SMS} }

// The bounds of US_TOKEN_VALIDITY and US_SETUP_WITHIN.
const (
	longestValid = time.Hour
	longestSetup = 24 * time.Hour
)

// needs returns everything that the feature cannot run with. none says that
// US_ENABLED_METHODS is there and empty.
func (f *Feature) needs(none bool) error {
	c, rt := &f.cfg, f.rt
	errs := []error{
		rt.Need(!none && len(c.Methods) > 0, "US_ENABLED_METHODS is empty", "leave it out for the default"),
		f.knows("US_ENABLED_METHODS", c.Methods), f.knows("US_MFA_REQUIRED", c.MFARequired),
		rt.Need(none || len(f.methods) > 0, "nothing sends what US_ENABLED_METHODS lists", "set a sender of mails or of text messages, or add another method"),
		rt.Need(!f.offers(viaPassword) || c.Hasher != nil, "no password hasher", "set unified.Config.Hasher to a *password.Hasher"),
		rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as setting up a way to sign in", "set Config.Stores.Claims"),
		rt.Need(time.Second <= c.TokenValidity && c.TokenValidity <= longestValid, fmt.Sprintf("US_TOKEN_VALIDITY is %v", c.TokenValidity), "one second to an hour; leave it out for the default"),
		rt.Need(time.Second <= c.SetupWithin && c.SetupWithin <= longestSetup, fmt.Sprintf("US_SETUP_WITHIN is %v", c.SetupWithin), "one second to a day; leave it out for the default"),
	}
	if f.offers(codes.Email) { // its mails have links
		errs = append(errs, rt.Mail().Need(f.Name()),
			rt.Need(!rt.Links().SPA() || rt.Links().LoginError() != "", "LOGIN_ERROR_VIEW is not set, and REDIRECT_BEHAVIOR is spa", "set it to the view that shows what went wrong"))
	}
	return errors.Join(errs...)
}

// knows finds names of methods that there are not: one misspelt in
// US_MFA_REQUIRED would take the second factor away.
func (f *Feature) knows(setting string, methods []string) error {
	for _, m := range methods {
		if !slices.Contains(known(), m) {
			return f.rt.Need(false, fmt.Sprintf("%s: there is no method %q", setting, m), "choose of "+strings.Join(known(), ", "))
		}
	}
	return nil
}

// advise warns of what works, and yet not as it seems to.
func (f *Feature) advise() {
	byPhone := func(ia doorward.IdentityAttribute) bool { return ia.Attr == "us_phone_number" }
	if f.offers(codes.SMS) && !slices.ContainsFunc(f.rt.Identities(), byPhone) {
		f.rt.Logger().Info("US_ENABLED_METHODS has sms, and nobody can name his account by his phone number: add us_phone_number to USER_IDENTITY_ATTRIBUTES")
	}
}
