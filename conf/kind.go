package conf

import (
	"encoding"
	"net/http"
	"reflect"
	"time"
)

// kind is a way of reading and writing a value.
type kind uint8

const (
	kindNone kind = iota
	kindText
	kindBytes
	kindBool
	kindInt
	kindFloat
	kindDuration
	kindList
	kindMap
	kindSameSite
	kindUnmarshal
)

// word is what operators call the kind.
func (k kind) word() string {
	switch k {
	case kindBool:
		return "yes/no"
	case kindInt, kindFloat:
		return "number"
	case kindDuration:
		return "duration"
	case kindList:
		return "list"
	case kindMap:
		return "map"
	default:
		return "text"
	}
}

// spec is a Go type and how settings are turned into it.
type spec struct {
	typ     reflect.Type
	kind    kind
	seconds bool // a bare number is a duration in seconds
}

func specOf(t reflect.Type, seconds bool) spec {
	return spec{typ: t, kind: kindOf(t), seconds: seconds}
}

func kindOf(t reflect.Type) kind {
	textUnmarshaler := reflect.TypeFor[encoding.TextUnmarshaler]()
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return kindDuration
	case t == reflect.TypeFor[http.SameSite]():
		return kindSameSite
	case t.Kind() == reflect.Interface:
		return kindNone
	case t.Implements(textUnmarshaler) && t.Kind() == reflect.Pointer,
		reflect.PointerTo(t).Implements(textUnmarshaler):
		return kindUnmarshal
	}
	switch t.Kind() {
	case reflect.String:
		return kindText
	case reflect.Bool:
		return kindBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return kindInt
	case reflect.Float32, reflect.Float64:
		return kindFloat
	case reflect.Slice:
		return kindOfSlice(t.Elem())
	case reflect.Map:
		if t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String {
			return kindMap
		}
	}
	return kindNone
}

func kindOfSlice(elem reflect.Type) kind {
	switch {
	case elem.Kind() == reflect.Uint8:
		return kindBytes
	case elem.Kind() == reflect.String, elem.Kind() == reflect.Slice && elem.Elem().Kind() == reflect.Uint8:
		return kindList
	}
	return kindNone
}
