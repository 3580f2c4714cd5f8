// Package accounts is what operators do with accounts and roles, by the rules
// that hold for visitors too.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
)

// Refusal is something an operator asked for that is not possible: the value
// is not allowed, there is no such user, or nothing would change.
type Refusal struct{ Problems []string }

// Error lists the problems.
func (r *Refusal) Error() string { return strings.Join(r.Problems, "\n  ") }

func refuse(format string, args ...any) error {
	return &Refusal{[]string{fmt.Sprintf(format, args...)}}
}

// Accounts works on one installation.
type Accounts struct {
	App    *batteries.App
	Config *batteries.Config
	Store  *database.Database
}

// New describes an account to be made.
type New struct {
	Email, Username   string
	Active, Confirmed bool
}

// Find returns the user whom an identity attribute names.
func (a *Accounts) Find(ctx context.Context, identity string) (doorward.User, error) {
	u, err := a.App.Accounts().Find(ctx, identity)
	if errors.Is(err, doorward.ErrNotFound) {
		return nil, refuse("there is no user %q; see: doorward users list", identity)
	}
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

// Check returns n in normal form if the settings allow such an account, and a
// [*Refusal] with every reason otherwise. It asks neither the database nor the
// DNS: an operator may know of domains that this machine does not.
func Check(cfg *batteries.Config, n New) (New, error) {
	var problems []string
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	switch email, err := cfg.Address.Normalize(n.Email); {
	case n.Email == "":
		bad("an account needs an email address")
	case err != nil:
		bad("email %q: %v", n.Email, err)
	default:
		n.Email = email
	}
	rules := cfg.Usernames
	name, v := rules.Check(n.Username)
	switch {
	case n.Username == "" && rules.Enable && rules.Required:
		bad("an account needs a username (SECURITY_USERNAME_REQUIRED)")
	case n.Username != "" && !rules.Enable:
		bad("usernames are off; turn them on with SECURITY_USERNAME_ENABLE")
	case v != nil:
		bad("username %q: %s", n.Username, v.Text)
	default:
		n.Username = name
	}
	if len(problems) > 0 {
		return n, &Refusal{problems}
	}
	return n, nil
}

// Free refuses an address or username that an account has, in any letter case.
func (a *Accounts) Free(ctx context.Context, n New) error {
	var problems []string
	for _, v := range []struct{ attr, value string }{{"email", n.Email}, {"username", n.Username}} {
		taken, err := a.taken(ctx, v.attr, v.value)
		if err != nil {
			return err
		}
		if taken {
			problems = append(problems, fmt.Sprintf("%s %q belongs to an account already", v.attr, v.value))
		}
	}
	if len(problems) > 0 {
		return &Refusal{problems}
	}
	return nil
}

func (a *Accounts) taken(ctx context.Context, attr, value string) (bool, error) {
	if value == "" {
		return false, nil
	}
	_, err := a.Store.FindUser(ctx, doorward.UserQuery{Attr: attr, Value: value, AnyCase: true})
	if errors.Is(err, doorward.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find user: %w", err)
	}
	return true, nil
}

// Create makes the account of a checked n with a password.
func (a *Accounts) Create(ctx context.Context, n New, password string) (*database.User, error) {
	hash, err := a.hash(ctx, password, n.Email, n.Username)
	if err != nil {
		return nil, err
	}
	u := &database.User{Account: doorward.Account{Email: n.Email, Username: n.Username, PasswordHash: hash, Active: n.Active}}
	if n.Confirmed {
		u.ConfirmedAt = time.Now().UTC().Truncate(time.Microsecond)
	}
	err = a.Store.CreateUser(ctx, u)
	if dup, ok := errors.AsType[*doorward.DuplicateError](err); ok {
		return nil, refuse("%s belongs to an account already", dup.Attr)
	}
	if err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	return u, nil
}

// SetPassword gives u another password, and ends everything it is signed in to:
// whoever knew the old one is out (ASVS 7.4.3).
func (a *Accounts) SetPassword(ctx context.Context, u doorward.User, password string) error {
	acc := u.SecurityAccount()
	if a.App.Change != nil { // which tells the owner
		if err := a.allowed(ctx, password, acc.Email, acc.Username); err != nil {
			return err
		}
		return a.App.Change.Set(ctx, u, password, true)
	}
	hash, err := a.hash(ctx, password, acc.Email, acc.Username)
	if err != nil {
		return err
	}
	return a.App.Accounts().SignOutEverywhere(ctx, u, func(acc *doorward.Account) error {
		acc.PasswordHash = hash
		return nil
	})
}

// allowed refuses what the policy does.
func (a *Accounts) allowed(ctx context.Context, password string, words ...string) error {
	if password == "" {
		return refuse("the password is empty")
	}
	var problems []string
	for _, v := range a.App.Policy.Check(ctx, password, words) {
		problems = append(problems, v.Text)
	}
	if len(problems) > 0 {
		return &Refusal{problems}
	}
	return nil
}

// hash returns the hash of a password that the policy allows.
func (a *Accounts) hash(ctx context.Context, password string, words ...string) (string, error) {
	if err := a.allowed(ctx, password, words...); err != nil {
		return "", err
	}
	hash, err := a.App.Hasher.Hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Confirm takes u's address as confirmed, and reports whether it was not before.
func (a *Accounts) Confirm(ctx context.Context, u doorward.User) (changed bool, err error) {
	if a.App.Confirm != nil {
		return a.App.Confirm.Confirm(ctx, u)
	}
	err = a.Store.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		if changed = acc.ConfirmedAt.IsZero(); changed {
			acc.ConfirmedAt = time.Now().UTC().Truncate(time.Microsecond)
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("confirm: %w", err)
	}
	return changed, nil
}
