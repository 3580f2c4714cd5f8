package doorward

import (
	"context"
	"time"
)

// Identity says who makes a request, and how that is known.
type Identity struct {
	User      User
	Roles     []Role
	Mechanism string
	AuthnAt   time.Time
}

// IdentityFrom is replaced by the engine.
func IdentityFrom(context.Context) (Identity, error) { return Identity{}, ErrAnonymous }
