package accounts

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/doorward/doorward"
)

// Factors is what an account has set up besides a password. It holds no secret.
type Factors struct {
	Method string   // the second factor: "email", "authenticator", "sms"; empty for none
	Phone  string   // where its codes go, in E.164
	Codes  int      // recovery codes left
	Ways   []string // to sign in with one proof, but for the password
	ToSMS  string   // where codes to sign in go, in E.164
}

// Factors returns what u has set up, whether its feature is on or not. u is the
// whole record.
func (a *Accounts) Factors(u doorward.User) Factors {
	acc := u.SecurityAccount()
	f := Factors{Method: acc.TFPrimaryMethod, Phone: acc.TFPhoneNumber, Codes: len(acc.RecoveryCodes), ToSMS: acc.USPhoneNumber}
	if a.App.TwoFactor != nil {
		f.Method, f.Phone = a.App.TwoFactor.State(u)
	}
	if a.App.RecoveryCodes != nil {
		f.Codes = a.App.RecoveryCodes.RecoveryCodesLeft(u)
	}
	f.Ways = slices.Sorted(maps.Keys(acc.USTOTPSecrets))
	if a.App.Unified != nil {
		f.Ways = a.App.Unified.Methods(u)
	}
	f.Ways = slices.DeleteFunc(f.Ways, func(way string) bool { return way == "password" })
	return f
}

// ResetFactors takes the second factor of u away, with its recovery codes, ends
// everything u is signed in to, and returns what there was. The password and
// other ways to sign in stay. Without a second factor it does nothing.
func (a *Accounts) ResetFactors(ctx context.Context, u doorward.User) (had Factors, removed bool, err error) {
	had = a.Factors(u)
	acc := u.SecurityAccount()
	codes := len(acc.RecoveryCodes) > 0
	if acc.TFPrimaryMethod == "" && acc.TFTOTPSecret == "" && acc.TFPhoneNumber == "" && !codes {
		return had, false, nil
	}
	if a.App.TwoFactor != nil {
		err = a.App.TwoFactor.Reset(ctx, u)
	}
	if err == nil && a.App.RecoveryCodes != nil && codes {
		err = a.App.RecoveryCodes.Reset(ctx, u)
	}
	if err != nil {
		return had, false, err
	}
	// What a feature that is off has left goes, too.
	err = a.App.Accounts().SignOutEverywhere(ctx, u, func(acc *doorward.Account) error {
		acc.TFPrimaryMethod, acc.TFTOTPSecret, acc.TFPhoneNumber, acc.RecoveryCodes = "", "", "", nil
		return nil
	})
	if err != nil {
		return had, false, fmt.Errorf("the second factor is removed, but sessions go on: %w", err)
	}
	return had, true, nil
}
