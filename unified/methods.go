package unified

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// offers reports whether users can sign in by a method here.
func (f *Feature) offers(method string) bool { return slices.Contains(f.methods, method) }

// only returns those of methods for which keep says so. It is never nil: JSON
// shows an empty list.
func only(methods []string, keep func(string) bool) []string {
	out := []string{}
	for _, m := range methods {
		if keep(m) {
			out = append(out, m)
		}
	}
	return out
}

// sent reports whether codes of a method are sent.
func sent(method string) bool { return method == codes.Email || method == codes.SMS }

func isCode(method string) bool { return method != viaPassword }

// Methods returns the ways in which u can sign in, in the order in which they
// are tried: "password", "email", "authenticator", "sms". u must be the whole
// record.
func (f *Feature) Methods(u doorward.User) []string { return f.active(u.SecurityAccount()) }

func (f *Feature) active(acc *doorward.Account) []string {
	return only(f.methods, func(m string) bool { return has(acc, m) })
}

func has(acc *doorward.Account, method string) bool {
	switch method {
	case viaPassword:
		return acc.PasswordHash != ""
	case codes.SMS:
		return acc.USTOTPSecrets[method] != "" && acc.USPhoneNumber != ""
	}
	return acc.USTOTPSecrets[method] != ""
}

// asker is who asks for secrets, by what he has proved.
type asker string

// himself is who is signed in: the time may tell him what he has set up.
const himself asker = ""

// What names an account to a stranger. The same text of another kind is another
// name: it may be an account in one way, and nobody in the other.
const (
	byIdentity = "identity"
	byLink     = "link"
)

// stranger is who asks from r's address for what a text of a kind names. The
// address is in it so that nobody can tell from the time who was here before.
func (f *Feature) stranger(r *http.Request, kind, named string) asker {
	return asker(f.rt.Web().Addr(r).String() + "\x00" + kind + "\x00" + named)
}

// secret returns what u's codes of a method are made of: nobody's secret if there
// is no u, or nothing set up, or if it cannot be read, which is the operator's
// trouble and must not close the other ways in. A stranger causes the same work in
// all these cases.
func (f *Feature) secret(ctx context.Context, by asker, u doorward.User, method string) codes.Secret {
	stored, account := "", ""
	if u != nil {
		acc := u.SecurityAccount()
		stored, account = acc.USTOTPSecrets[method], acc.Uniquifier
	}
	open := f.codes.Open
	if by != himself {
		open = func(stored string) (codes.Secret, error) { return f.codes.OpenFor(string(by)+"\x00"+method, stored) }
	}
	s, err := open(stored)
	if err != nil {
		f.rt.Logger().ErrorContext(ctx, "a way to sign in does not work", "user", account, "method", method, "err", err)
		return codes.Secret{}
	}
	return s
}

// NewUserSecrets returns what is stored for a new user who has no password, so
// that he can sign in by codes in mails: nothing, if those are not offered.
func (f *Feature) NewUserSecrets() (map[string]string, error) {
	if !f.offers(codes.Email) {
		return nil, nil
	}
	sealed, err := f.codes.Seal(codes.NewSecret())
	if err != nil {
		return nil, err
	}
	return map[string]string{codes.Email: sealed}, nil
}

// Reset takes every way to sign in from u but the password, and the phone
// number, as an operator does who was asked to. A user without a password
// cannot sign in then, until he gets one.
func (f *Feature) Reset(ctx context.Context, u doorward.User) error {
	var removed []string
	err := f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		removed = slices.Sorted(maps.Keys(acc.USTOTPSecrets))
		acc.USTOTPSecrets, acc.USPhoneNumber = nil, ""
		return nil
	})
	if err != nil {
		return fmt.Errorf("reset the ways to sign in: %w", err)
	}
	f.removed(ctx, u, removed)
	return nil
}

// removed tells everybody.
func (f *Feature) removed(ctx context.Context, u doorward.User, methods []string) {
	for _, m := range methods {
		f.codes.Notify(ctx, codes.Notice{User: u, What: "notice_removed", Method: m})
	}
	doorward.Fire(ctx, f.rt, &f.hooks.ProfileChanged, ProfileChanged{User: u, Methods: methods, Deleted: true})
}

// me returns the whole record of who is signed in.
func (f *Feature) me(ctx context.Context) (doorward.User, error) {
	id, err := doorward.IdentityFrom(ctx)
	if err != nil {
		return nil, err
	}
	u, err := f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: id.User.SecurityAccount().Uniquifier})
	if errors.Is(err, doorward.ErrNotFound) {
		return nil, doorward.ErrAnonymous // gone meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("find who is signed in: %w", err)
	}
	return u, nil
}
