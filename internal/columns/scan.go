package columns

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// The types below are fields seen as scan destinations. Each is a conversion
// of the field's address, so that a row costs no allocation for them.

type (
	text     string
	boolean  bool
	number   int
	number64 int64
	blob     []byte
	object   map[string]string
	// Time reads a time from any form that SQLAlchemy, SQLite or a driver has
	// for it. Text without a zone is UTC.
	Time time.Time
	// List reads a list that is joined by commas.
	List []string
)

// ErrForm is in the chain of an error about a stored value that its field cannot
// hold.
var ErrForm = errors.New("the stored value has another form than the field")

func (d *text) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*d = ""
	case string:
		*d = text(s)
	case []byte:
		*d = text(s)
	case int64:
		*d = text(strconv.FormatInt(s, 10))
	default:
		return ErrForm
	}
	return nil
}

func (d *boolean) Scan(src any) error {
	if src == nil {
		*d = false
		return nil
	}
	v, err := driver.Bool.ConvertValue(src)
	if err != nil {
		return ErrForm
	}
	*d = boolean(v.(bool))
	return nil
}

func (d *number) Scan(src any) error {
	n, err := integer(src)
	*d = number(n)
	return err
}

func (d *number64) Scan(src any) error {
	n, err := integer(src)
	*d = number64(n)
	return err
}

func integer(src any) (int64, error) {
	switch s := src.(type) {
	case nil:
		return 0, nil
	case int64:
		return s, nil
	case uint64: // of an unsigned column
		if s <= math.MaxInt64 {
			return int64(s), nil
		}
	case bool:
		if s {
			return 1, nil
		}
		return 0, nil
	case string:
		return parseInt(s)
	case []byte:
		return parseInt(string(s))
	}
	return 0, ErrForm
}

func parseInt(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, ErrForm // not err: it would quote the value
	}
	return n, nil
}

func (d *blob) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*d = nil
	case []byte:
		*d = bytes.Clone(s)
	case string:
		*d = blob(s)
	default:
		return ErrForm
	}
	return nil
}

// Scan implements [database/sql.Scanner].
func (d *List) Scan(src any) error {
	var s text
	if err := s.Scan(src); err != nil {
		return err
	}
	*d = nil
	if s != "" {
		*d = strings.Split(string(s), ",")
	}
	return nil
}

func (d *object) Scan(src any) error {
	var s text
	if err := s.Scan(src); err != nil {
		return err
	}
	*d = nil
	if s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), (*map[string]string)(d)); err != nil {
		return ErrForm // not err: it would quote the value
	}
	return nil
}

// Scan implements [database/sql.Scanner].
func (d *Time) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*d = Time{}
	case time.Time:
		*d = Time(s.UTC())
	case string:
		return d.parse(s)
	case []byte:
		return d.parse(string(s))
	default:
		return ErrForm
	}
	return nil
}

func (d *Time) parse(s string) error {
	if s == "" || strings.HasPrefix(s, "0000-00-00") { // MySQL's zero date
		*d = Time{}
		return nil
	}
	s, _, _ = strings.Cut(s, " m=") // what time.Time.String adds
	for _, layout := range [...]string{
		"2006-01-02 15:04:05.999999999",
		"2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999Z07:00",
		time.RFC3339Nano,
		"2006-01-02 15:04:05.999999999 -0700 MST",
		"2006-01-02 15:04",
		"2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			*d = Time(t.UTC())
			return nil
		}
	}
	return ErrForm
}

// kindDest is a field of a type that is a string, boolean or number underneath.
type kindDest struct{ field reflect.Value }

func (d kindDest) Scan(src any) error {
	switch d.field.Kind() {
	case reflect.String:
		var s text
		err := s.Scan(src)
		d.field.SetString(string(s))
		return err
	case reflect.Bool:
		var b boolean
		err := b.Scan(src)
		d.field.SetBool(bool(b))
		return err
	case reflect.Float32, reflect.Float64:
		return d.float(src)
	}
	n, err := integer(src)
	if err != nil {
		return err
	}
	if d.field.CanInt() {
		if d.field.OverflowInt(n) {
			return ErrForm
		}
		d.field.SetInt(n)
		return nil
	}
	if n < 0 || d.field.OverflowUint(uint64(n)) {
		return ErrForm
	}
	d.field.SetUint(uint64(n))
	return nil
}

func (d kindDest) float(src any) error {
	switch s := src.(type) {
	case nil:
		d.field.SetFloat(0)
	case float64:
		d.field.SetFloat(s)
	case float32: // of a column of that size; 1.1 is to stay 1.1
		return d.float(strconv.FormatFloat(float64(s), 'g', -1, 32))
	case int64:
		d.field.SetFloat(float64(s))
	case string, []byte:
		f, err := strconv.ParseFloat(fmt.Sprintf("%s", s), 64)
		if err != nil {
			return ErrForm
		}
		d.field.SetFloat(f)
	default:
		return ErrForm
	}
	return nil
}

// pointerDest is a field that is nil for NULL.
type pointerDest struct {
	field reflect.Value
	inner codec
}

func (d pointerDest) Scan(src any) error {
	if src == nil {
		d.field.SetZero()
		return nil
	}
	d.field.Set(reflect.New(d.field.Type().Elem()))
	return d.inner.dest(d.field.Elem()).Scan(src)
}
