package recoverycodes_test

import (
	"context"
	"errors"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
)

// outOfOrder is a store of users that stores nothing while fail is set.
type outOfOrder struct {
	doorward.UserStore
	fail bool
}

func (o *outOfOrder) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	if o.fail {
		return errors.New("out of order")
	}
	return o.UserStore.UpdateUser(ctx, u, change)
}

// TestNotBurnt: a code that could not be taken away is as good as before, also where
// nothing undoes what was stored beside it.
func TestNotBurnt(t *testing.T) {
	var users *outOfOrder
	s := newSite(t, func(c *batteries.Config) {
		users = &outOfOrder{UserStore: c.Stores.Users}
		c.Stores.Users, c.Stores.Tx = users, nil
	})
	b := waits(s.App, joe, true)
	users.fail = true
	b.Post(enter, code(s.codes[0])).Want(500)
	users.fail = false
	b.Post(enter, code(s.codes[0])).Want(200)
	if b.WhoAmI() != joe || len(s.stored()) != 4 {
		t.Errorf("signed in is %q, %d codes are left", b.WhoAmI(), len(s.stored()))
	}
}
