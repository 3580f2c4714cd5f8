package memstore_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/storetest"
)

type user struct {
	ID      int64   `db:"id,pk"`
	Company string  `db:"company"`
	Badge   *string `db:"badge,unique"`
	Scratch string
	doorward.Account
}

type keyed struct {
	ID string `db:"id,pk"`
	doorward.Account
}

func TestContract(t *testing.T) {
	t.Run("integer key", func(t *testing.T) {
		storetest.Run(t, func(*testing.T) doorward.Stores { return doorward.StoresFrom(memstore.New[user]()) }, nil)
	})
	t.Run("text key", func(t *testing.T) {
		var n atomic.Int64
		storetest.Run(t, func(*testing.T) doorward.Stores { return doorward.StoresFrom(memstore.New[keyed]()) }, func(email string) doorward.User {
			return &keyed{ID: fmt.Sprintf("key-%d", n.Add(1)), Account: doorward.Account{Email: email, Active: true}}
		})
	})
}

func TestImplementsAll(t *testing.T) {
	s := doorward.StoresFrom(memstore.New[user]())
	if s.Users == nil || s.Admin == nil || s.Roles == nil || s.Sessions == nil || s.Remember == nil || s.Claims == nil || s.Tx == nil {
		t.Errorf("%+v", s)
	}
}

func TestOwnFields(t *testing.T) {
	s := memstore.New[user]()
	badge := "b1"
	u := &user{Company: "Acme", Badge: &badge, Scratch: "not stored", Account: doorward.Account{Email: "a@example.com", PasswordHash: "h"}}
	if err := s.CreateUser(t.Context(), u); err != nil || u.ID != 1 {
		t.Fatal(u.ID, err)
	}
	badge = "changed"
	found, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "badge", Value: "b1"})
	if err != nil {
		t.Fatal(err)
	}
	if f := found.(*user); f.Company != "Acme" || f.Scratch != "" || f.ID != 1 || *f.Badge != "b1" {
		t.Errorf("%+v", f)
	}
	same := "b1"
	err = s.CreateUser(t.Context(), &user{Badge: &same, Account: doorward.Account{Email: "b@example.com"}})
	if dup, ok := errors.AsType[*doorward.DuplicateError](err); !ok || dup.Attr != "badge" {
		t.Errorf("error %v", err)
	}
	lean, _, err := s.LoadUser(t.Context(), doorward.UserQuery{Attr: "id", Value: "1"})
	if err != nil || lean.SecurityAccount().PasswordHash != "" || lean.(*user).Company != "Acme" {
		t.Errorf("%+v %v", lean, err)
	}
}

func TestWrongUse(t *testing.T) {
	type untagged struct{ doorward.Account }
	_, err := memstore.New[untagged]().ListRoles(t.Context())
	if _, ok := errors.AsType[*doorward.ConfigError](err); !ok {
		t.Errorf("a type without a key: %v", err)
	}
	if err := memstore.New[user]().CreateUser(t.Context(), &keyed{ID: "x"}); err == nil {
		t.Error("another user type was taken")
	}
	if err := memstore.New[keyed]().CreateUser(t.Context(), &keyed{}); err == nil {
		t.Error("an empty key was taken")
	}
}
