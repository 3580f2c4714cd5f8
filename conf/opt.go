package conf

import "reflect"

// Opt is a setting of which the zero value, or the absence of a value, means
// something other than the default. Its own zero value is "not set". Opts of
// comparable types are comparable.
type Opt[T any] struct {
	value T
	state optState
}

type optState uint8

const (
	optUnset optState = iota
	optNull
	optSome
)

// Some is a setting with a value, which may be zero.
func Some[T any](v T) Opt[T] { return Opt[T]{value: v, state: optSome} }

// Null is a setting which was explicitly given no value.
func Null[T any]() Opt[T] { return Opt[T]{state: optNull} }

// IsSet reports whether anything was given, a value or null.
func (o Opt[T]) IsSet() bool { return o.state != optUnset }

// IsNull reports whether null was given.
func (o Opt[T]) IsNull() bool { return o.state == optNull }

// Or returns the value, or def if there is none because nothing or null was
// given. Ask IsNull first where null differs from the default.
func (o Opt[T]) Or(def T) T {
	if o.state == optSome {
		return o.value
	}
	return def
}

// optional is how the package handles an Opt whose type it does not know.
type optional interface {
	elem() reflect.Type
	current() (v reflect.Value, state optState)
	assign(v reflect.Value, state optState)
}

func (o *Opt[T]) elem() reflect.Type { return reflect.TypeFor[T]() }

func (o *Opt[T]) current() (reflect.Value, optState) {
	return reflect.ValueOf(&o.value).Elem(), o.state
}

func (o *Opt[T]) assign(v reflect.Value, state optState) {
	*o = Opt[T]{state: state}
	if state == optSome {
		reflect.ValueOf(&o.value).Elem().Set(v)
	}
}
