// Package testhash guards the fast password hasher that test suites use.
//
// A hash that takes 45 ms is right in production and unbearable in a suite that
// signs in ten thousand times. The fast parameters must never reach a running
// server, so they are not a setting: the constructor asks for a [Token], and only
// code inside this module that may import this package can make one.
package testhash

// Token is the permission to build a fast hasher. Its zero value is no permission.
type Token struct{ allowed bool }

// Allow returns a permission. Only test helpers and tests may call it; the
// architecture test of this module enforces that.
func Allow() Token { return Token{allowed: true} }

// Allowed tells whether the token came from [Allow].
func (t Token) Allowed() bool { return t.allowed }
