package twofactor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// factor is a second factor of an account, as it is stored or will be.
type factor struct {
	method string // codes.Email, codes.SMS or codes.Authenticator
	secret string // sealed
	phone  string // E.164
	kept   bool   // it is the account's, and not one that is being set up
}

// stored returns the factor of an account, if it has one.
func stored(acc *doorward.Account) (factor, bool) {
	if acc.TFPrimaryMethod == "" || acc.TFTOTPSecret == "" {
		return factor{}, false
	}
	return factor{method: methodOf(acc), secret: acc.TFTOTPSecret, phone: acc.TFPhoneNumber, kept: true}, true
}

// methodOf reads the names that older releases of the original wrote, too. For one
// that nobody knows nothing can be sent, but what was set up is still asked for.
func methodOf(acc *doorward.Account) string {
	switch acc.TFPrimaryMethod {
	case codes.Email, "mail":
		return codes.Email
	case codes.SMS:
		return codes.SMS
	}
	return codes.Authenticator
}

// within is how far the time of a factor's codes may be from now.
func (f *Feature) within(method string) time.Duration {
	switch method {
	case codes.Email:
		return f.cfg.MailValidity
	case codes.SMS:
		return f.cfg.SMSValidity
	}
	return f.cfg.AuthenticatorValidity
}

// Methods implements [doorward.SecondFactor]. A factor whose method is not offered
// any more is asked for all the same.
func (f *Feature) Methods(_ context.Context, u doorward.User) ([]string, error) {
	own, ok := stored(u.SecurityAccount())
	if !ok {
		return nil, nil
	}
	return []string{own.method}, nil
}

// Required implements [doorward.SecondFactor].
func (f *Feature) Required(ctx context.Context, a *doorward.Attempt, ready bool) (bool, error) {
	must := ready || f.cfg.Required
	if !must && len(f.cfg.RequiredRoles) > 0 {
		roles, err := f.rt.Stores().Roles.RolesOf(ctx, a.User)
		if err != nil {
			return false, fmt.Errorf("look up roles: %w", err)
		}
		must = slices.ContainsFunc(roles, func(r doorward.Role) bool { return slices.Contains(f.cfg.RequiredRoles, r.Name) })
	}
	if f.cfg.Decide == nil {
		return must, nil
	}
	return f.cfg.Decide(ctx, a, must)
}

// State returns what second factor u has set up: "email", "sms", "authenticator",
// or "" for none. phone is where text messages go.
func (f *Feature) State(u doorward.User) (method, phone string) {
	own, _ := stored(u.SecurityAccount())
	if own.method != codes.SMS {
		own.phone = ""
	}
	return own.method, own.phone
}

// Reset takes the second factor of u away, for operators, and tells u by mail. It
// does nothing for who has none.
func (f *Feature) Reset(ctx context.Context, u doorward.User) error {
	_, err := f.remove(ctx, u)
	return err
}

// remove forgets the factor of u, and tells everybody. had is false if there was none.
func (f *Feature) remove(ctx context.Context, u doorward.User) (had bool, err error) {
	err = f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		had = acc.TFPrimaryMethod != "" || acc.TFTOTPSecret != ""
		acc.TFPrimaryMethod, acc.TFTOTPSecret, acc.TFPhoneNumber = "", "", ""
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("remove a second factor: %w", err)
	}
	if had {
		f.codes.Notify(ctx, codes.Notice{User: u, What: "notice_second_off"})
		doorward.Fire(ctx, f.rt, &f.hooks.Disabled, Disabled{User: u})
	}
	return had, nil
}
