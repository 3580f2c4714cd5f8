package conf

import (
	"encoding"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// parse turns a value into the type of the spec. It never quotes the value in
// a problem, except in its detail.
func (s spec) parse(raw any) (reflect.Value, *problem) {
	if raw == nil && s.kind != kindSameSite {
		return reflect.Value{}, &problem{text: "null is not a value of this setting", hint: "leave it out for the default"}
	}
	if v := reflect.ValueOf(raw); raw != nil && v.Type() == s.typ && s.kind == kindUnmarshal {
		return v, nil
	}
	switch s.kind {
	case kindText:
		return made(s, raw, toText)
	case kindBytes:
		return made(s, raw, toBytes)
	case kindBool:
		return made(s, raw, toBool)
	case kindInt:
		return s.parseInt(raw)
	case kindFloat:
		return made(s, raw, toFloat)
	case kindDuration:
		return made(s, raw, s.toDuration)
	case kindList:
		return s.parseList(raw)
	case kindMap:
		return s.parseMap(raw)
	case kindSameSite:
		return made(s, raw, toSameSite)
	default:
		return s.unmarshal(raw)
	}
}

// made converts what to makes of raw to the type of the spec, which may be a
// named one.
func made[T any](s spec, raw any, to func(any) (T, *problem)) (reflect.Value, *problem) {
	v, p := to(raw)
	if p != nil {
		return reflect.Value{}, p
	}
	return reflect.ValueOf(v).Convert(s.typ), nil
}

func toText(raw any) (string, *problem) {
	if v := reflect.ValueOf(raw); v.Kind() == reflect.String {
		return v.String(), nil
	}
	return "", &problem{text: "is not text", hint: "put it in quotes"}
}

// toBytes makes empty text nil, so that it means the default as it does for
// text.
func toBytes(raw any) ([]byte, *problem) {
	text, p := toText(raw)
	if p != nil || text == "" {
		return nil, p
	}
	return []byte(text), nil
}

func toBool(raw any) (bool, *problem) {
	bad := &problem{text: "is neither yes nor no", hint: "write true or false"}
	v := reflect.ValueOf(raw)
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
	default:
		return false, bad
	}
	switch strings.ToLower(strings.TrimSpace(v.String())) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, bad
}

func (s spec) parseInt(raw any) (reflect.Value, *problem) {
	bad := &problem{text: "is not a whole number"}
	v := reflect.ValueOf(raw)
	var n int64
	switch {
	case v.CanInt():
		n = v.Int()
	case v.Kind() == reflect.String:
		var err error
		if n, err = strconv.ParseInt(strings.TrimSpace(v.String()), 10, 64); err != nil {
			return reflect.Value{}, bad
		}
	default:
		return reflect.Value{}, bad
	}
	if s.typ.OverflowInt(n) {
		return reflect.Value{}, &problem{text: "is too large"}
	}
	return reflect.ValueOf(n).Convert(s.typ), nil
}

func toFloat(raw any) (float64, *problem) {
	v := reflect.ValueOf(raw)
	var f float64
	switch {
	case v.CanInt():
		f = float64(v.Int())
	case v.CanFloat():
		f = v.Float()
	case v.Kind() == reflect.String:
		var err error
		if f, err = strconv.ParseFloat(strings.TrimSpace(v.String()), 64); err != nil {
			return 0, &problem{text: "is not a number"}
		}
	default:
		return 0, &problem{text: "is not a number"}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, &problem{text: "is not a finite number"}
	}
	return f, nil
}

// toSameSite maps "no attribute" to SameSiteDefaultMode, with which net/http
// writes none, and which differs from the zero value: "not set".
func toSameSite(raw any) (http.SameSite, *problem) {
	if raw == nil {
		return http.SameSiteDefaultMode, nil
	}
	text, p := toText(raw)
	if p != nil {
		return 0, p
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "lax":
		return http.SameSiteLaxMode, nil
	case "strict":
		return http.SameSiteStrictMode, nil
	case "none":
		return http.SameSiteNoneMode, nil
	case "", "null":
		return http.SameSiteDefaultMode, nil
	}
	return 0, &problem{text: "is not a SameSite mode", hint: "write Lax, Strict or None"}
}

func (s spec) unmarshal(raw any) (reflect.Value, *problem) {
	text, ok := scalarText(raw)
	if !ok {
		return reflect.Value{}, &problem{text: "is not text"}
	}
	target := s.typ
	if target.Kind() == reflect.Pointer {
		target = target.Elem()
	}
	ptr := reflect.New(target)
	u, ok := ptr.Interface().(encoding.TextUnmarshaler)
	if !ok {
		return reflect.Value{}, &problem{text: "cannot be read"}
	}
	if err := u.UnmarshalText([]byte(text)); err != nil {
		return reflect.Value{}, &problem{text: "cannot be used", detail: err.Error()}
	}
	if s.typ.Kind() == reflect.Pointer {
		return ptr, nil
	}
	return ptr.Elem(), nil
}

// scalarText writes a single value as one would in the environment; lists,
// maps and null have no such text.
func scalarText(raw any) (string, bool) {
	if m, ok := raw.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err == nil
	}
	v := reflect.ValueOf(raw)
	switch {
	case v.Kind() == reflect.String:
		return v.String(), true
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), true
	}
	return "", false
}
