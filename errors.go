package doorward

import (
	"errors"
	"fmt"
)

// ErrAnonymous is returned where somebody must be signed in and nobody is.
var ErrAnonymous = errors.New("doorward: nobody is signed in")

// ConfigError reports one thing that [New] cannot run with.
type ConfigError struct {
	Feature string // feature's name, or "" for the engine
	Problem string // what is wrong
	Hint    string // what to do about it
}

func (e *ConfigError) Error() string {
	who := "doorward"
	if e.Feature != "" {
		who += "/" + e.Feature
	}
	if e.Hint == "" {
		return who + ": " + e.Problem
	}
	return who + ": " + e.Problem + " (" + e.Hint + ")"
}

// typeError says that the store's users are not of the type asked for.
type typeError struct{ want, have any }

func (e *typeError) Error() string {
	return fmt.Sprintf("doorward: the current user is a %T, not a %T", e.have, e.want)
}
