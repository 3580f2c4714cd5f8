package doorwardtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward"
)

// NewUser stores an active user with that address and [Password]; edit
// functions change the account before it is stored.
func (a *App) NewUser(email string, edit ...func(*doorward.Account)) doorward.User {
	a.tb.Helper()
	ctx := context.Background()
	hash, err := a.Hasher.inner.Hash(ctx, Password)
	if err != nil {
		a.tb.Fatalf("doorwardtest: %v", err)
	}
	a.Secret(Password)
	u := a.Stores.Admin.NewUser()
	acc := u.SecurityAccount()
	acc.Email, acc.PasswordHash, acc.Active = email, hash, true
	acc.CreatedAt, acc.ConfirmedAt = a.Clock.Now(), a.Clock.Now()
	for _, f := range edit {
		f(acc)
	}
	if err := a.Stores.Admin.CreateUser(ctx, u); err != nil {
		a.tb.Fatalf("doorwardtest: new user %s: %v", email, err)
	}
	return u
}

// GiveRole gives u a role with these permissions; it makes the role if there is none.
func (a *App) GiveRole(u doorward.User, name string, permissions ...string) {
	a.tb.Helper()
	ctx := context.Background()
	err := a.Stores.Roles.CreateRole(ctx, doorward.Role{Name: name, Permissions: permissions})
	if err != nil && !errors.Is(err, doorward.ErrDuplicate) {
		a.tb.Fatalf("doorwardtest: role %s: %v", name, err)
	}
	if _, err := a.Stores.Roles.AddRole(ctx, u, name); err != nil {
		a.tb.Fatalf("doorwardtest: give role %s: %v", name, err)
	}
}

// Change changes the stored account of u behind the engine's back.
func (a *App) Change(u doorward.User, change func(*doorward.Account)) {
	a.tb.Helper()
	err := a.Stores.Users.UpdateUser(context.Background(), u, func(acc *doorward.Account) error { change(acc); return nil })
	if err != nil {
		a.tb.Fatalf("doorwardtest: change user: %v", err)
	}
}

// Delete removes u.
func (a *App) Delete(u doorward.User) {
	a.tb.Helper()
	if err := a.Stores.Admin.DeleteUser(context.Background(), u); err != nil {
		a.tb.Fatalf("doorwardtest: delete user: %v", err)
	}
}

// Account returns the account stored for that address.
func (a *App) Account(email string) doorward.Account {
	a.tb.Helper()
	u, err := a.Stores.Users.FindUser(context.Background(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		a.tb.Fatalf("doorwardtest: user %s: %v", email, err)
	}
	return *u.SecurityAccount()
}

// Snapshot returns everything that is stored about users and their roles as
// one text, to compare before and after.
func (a *App) Snapshot() string {
	a.tb.Helper()
	ctx := context.Background()
	users, _, err := a.Stores.Admin.ListUsers(ctx, "", 0, 10000)
	if err != nil {
		a.tb.Fatalf("doorwardtest: list users: %v", err)
	}
	var b strings.Builder
	for _, u := range users {
		fmt.Fprintf(&b, "%+v", *u.SecurityAccount())
		if a.Stores.Roles != nil {
			roles, err := a.Stores.Roles.RolesOf(ctx, u)
			if err != nil {
				a.tb.Fatalf("doorwardtest: roles: %v", err)
			}
			fmt.Fprintf(&b, " %+v", roles)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// stored is what a route could have changed for u: the account, and how many there are.
func (a *App) stored(u doorward.User) string {
	a.tb.Helper()
	ctx := context.Background()
	_, n, err := a.Stores.Admin.ListUsers(ctx, "", 0, 1)
	if err != nil {
		a.tb.Fatalf("doorwardtest: count users: %v", err)
	}
	now, err := a.Stores.Users.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: u.SecurityAccount().Email})
	if err != nil {
		return fmt.Sprintf("%d users, %v", n, err)
	}
	return fmt.Sprintf("%d users, %+v", n, *now.SecurityAccount())
}
