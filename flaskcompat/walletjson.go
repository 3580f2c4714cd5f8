package flaskcompat

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// base32Text is how passlib writes bytes in a wallet: upper case, no padding.
var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// enckey is the encrypted part of a wallet.
type enckey struct {
	cost      int
	key, salt []byte
	tag       string
}

// encodeWallet writes JSON as Python does with sorted keys and no spaces. Nothing
// in it needs escaping.
func encodeWallet(e enckey) string {
	return `{"enckey":{"c":` + strconv.Itoa(e.cost) + `,"k":"` + base32Text.EncodeToString(e.key) +
		`","s":"` + base32Text.EncodeToString(e.salt) + `","t":"` + e.tag + `","v":1},"type":"totp","v":1}`
}

// decodeWallet returns the key of the variant that is not encrypted, else the
// encrypted part.
func decodeWallet(stored string) (plain []byte, sealed enckey, err error) {
	if len(stored) > MaxStored {
		return nil, sealed, errors.New("it is too long")
	}
	top, err := members([]byte(stored), "alg", "digits", "enckey", "issuer", "key", "label", "period", "type", "v")
	if err != nil {
		return nil, sealed, err
	}
	if err := checkTop(top); err != nil {
		return nil, sealed, err
	}
	key, open := top["key"]
	inner, encrypted := top["enckey"]
	switch {
	case open == encrypted:
		return nil, sealed, errors.New(`it must have one of "key" and "enckey"`)
	case open:
		plain, err = bytesOf("key", key)
		return plain, sealed, err
	}
	sealed, err = decodeEnckey(inner)
	return nil, sealed, err
}

// checkTop looks at what surrounds the key. label and issuer are for whoever
// shows it; codes do not depend on them.
func checkTop(top map[string]json.RawMessage) error {
	if !is(top["type"], "totp") || !is(top["v"], 1) {
		return errors.New("it is not a TOTP wallet of version 1")
	}
	if alg, ok := top["alg"]; ok && !is(alg, "sha1") {
		return errors.New("codes of another algorithm than sha1 are not supported")
	}
	if digits, ok := top["digits"]; ok && !is(digits, 6) {
		return errors.New("codes of another length than 6 digits are not supported")
	}
	if period, ok := top["period"]; ok && !is(period, 30) {
		return errors.New("codes of another period than 30 seconds are not supported")
	}
	return nil
}

func decodeEnckey(data []byte) (e enckey, err error) {
	m, err := members(data, "c", "k", "s", "t", "v")
	if err != nil {
		return e, err
	}
	if !is(m["v"], 1) {
		return e, errors.New("it is encrypted in another version than 1")
	}
	// null is no number and no text, although json.Unmarshal passes over it.
	e.cost = -1
	if json.Unmarshal(m["c"], &e.cost) != nil || e.cost < 0 || e.cost > MaxCost {
		return e, fmt.Errorf("its cost is not a number from 0 to %d, the highest that is read", MaxCost)
	}
	if json.Unmarshal(m["t"], &e.tag) != nil || !validTag(e.tag) {
		return e, errors.New("its tag is malformed")
	}
	if e.key, err = bytesOf("k", m["k"]); err != nil {
		return e, err
	}
	e.salt, err = bytesOf("s", m["s"])
	return e, err
}

// members reads an object that has no other members than those named, in
// exactly this spelling.
func members(data []byte, known ...string) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil || m == nil {
		return nil, errors.New("it is not a JSON object")
	}
	for name := range m {
		if !slices.Contains(known, name) {
			return nil, errors.New("it has members that are not known")
		}
	}
	return m, nil
}

// is reports whether the JSON value is want.
func is[T comparable](data json.RawMessage, want T) bool {
	var got T
	return json.Unmarshal(data, &got) == nil && got == want
}

// bytesOf reads a text in base 32 that is not empty.
func bytesOf(name string, data json.RawMessage) ([]byte, error) {
	var text string
	if json.Unmarshal(data, &text) != nil || text == "" || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%q is not base32", name)
	}
	out, err := base32Text.DecodeString(text)
	if err != nil || len(out) == 0 {
		return nil, fmt.Errorf("%q is not base32", name) // without err, which quotes none of it today but might
	}
	return out, nil
}
