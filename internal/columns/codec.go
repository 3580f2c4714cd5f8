package columns

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// codec moves a field to and from the database.
type codec struct {
	dest   func(field reflect.Value) sql.Scanner
	encode func(field reflect.Value) (driver.Value, error)
	zero   driver.Value // what an empty field is where NULL is not allowed
}

var (
	scannerType = reflect.TypeFor[sql.Scanner]()
	valuerType  = reflect.TypeFor[driver.Valuer]()
)

// codecOf returns the codec of a type; its dest is nil if there is none.
func codecOf(t reflect.Type) codec {
	switch t {
	case reflect.TypeFor[string]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*text)(f.Addr().Interface().(*string)) }, encode: encodeString, zero: ""}
	case reflect.TypeFor[bool]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*boolean)(f.Addr().Interface().(*bool)) }, encode: encodeBool, zero: false}
	case reflect.TypeFor[int]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*number)(f.Addr().Interface().(*int)) }, encode: encodeInt, zero: int64(0)}
	case reflect.TypeFor[int64]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*number64)(f.Addr().Interface().(*int64)) }, encode: encodeInt, zero: int64(0)}
	case reflect.TypeFor[time.Time]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*Time)(f.Addr().Interface().(*time.Time)) }, encode: encodeTime, zero: time.Unix(0, 0).UTC()}
	case reflect.TypeFor[[]string]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*List)(f.Addr().Interface().(*[]string)) }, encode: encodeList, zero: ""}
	case reflect.TypeFor[map[string]string]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*object)(f.Addr().Interface().(*map[string]string)) }, encode: encodeObject, zero: "{}"}
	case reflect.TypeFor[[]byte]():
		return codec{dest: func(f reflect.Value) sql.Scanner { return (*blob)(f.Addr().Interface().(*[]byte)) }, encode: encodeBytes, zero: []byte{}}
	}
	switch {
	case reflect.PointerTo(t).Implements(scannerType) && (t.Implements(valuerType) || reflect.PointerTo(t).Implements(valuerType)):
		return codec{dest: func(f reflect.Value) sql.Scanner { return f.Addr().Interface().(sql.Scanner) }, encode: encodeValuer}
	case t.Kind() == reflect.Pointer:
		return pointerCodec(t.Elem())
	}
	return kindCodec(t)
}

// kindCodec serves the types that are a string, boolean or number underneath.
func kindCodec(t reflect.Type) codec {
	c := codec{dest: func(f reflect.Value) sql.Scanner { return kindDest{f} }}
	switch t.Kind() {
	case reflect.String:
		c.encode, c.zero = encodeString, ""
	case reflect.Bool:
		c.encode, c.zero = encodeBool, false
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		c.encode, c.zero = encodeInt, int64(0)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		c.encode = func(f reflect.Value) (driver.Value, error) { return int64(f.Uint()), nil }
		c.zero = int64(0)
	case reflect.Float32, reflect.Float64:
		c.encode = func(f reflect.Value) (driver.Value, error) { return f.Float(), nil }
		c.zero = float64(0)
	default:
		return codec{}
	}
	return c
}

func pointerCodec(elem reflect.Type) codec {
	inner := codecOf(elem)
	if inner.dest == nil || elem.Kind() == reflect.Pointer {
		return codec{}
	}
	return codec{
		dest: func(f reflect.Value) sql.Scanner { return pointerDest{f, inner} },
		encode: func(f reflect.Value) (driver.Value, error) {
			if f.IsNil() {
				return nil, nil
			}
			v, err := inner.encode(f.Elem())
			if v == nil && err == nil {
				v = inner.zero // a pointer to "" is "", not NULL
			}
			return v, err
		},
	}
}

// Dest returns where Scan puts the column of row, a settable struct.
func (c *Column) Dest(row reflect.Value) sql.Scanner { return c.codec.dest(row.FieldByIndex(c.index)) }

// Encode returns the column of row as the database holds it: nil for an empty
// text, time, list or map. Times are in UTC and whole microseconds.
func (c *Column) Encode(row reflect.Value) (driver.Value, error) {
	v, err := c.codec.encode(row.FieldByIndex(c.index))
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.Name, err)
	}
	return v, nil
}

// Zero is what to write instead of NULL where the table does not allow it; nil
// if there is no such value.
func (c *Column) Zero() driver.Value { return c.codec.zero }

// Encode returns all columns of row.
func (p *Plan) Encode(row reflect.Value) ([]driver.Value, error) {
	out := make([]driver.Value, len(p.Columns))
	var errs []error
	for i := range p.Columns {
		v, err := p.Columns[i].Encode(row)
		if err != nil {
			errs = append(errs, err)
		}
		out[i] = v
	}
	return out, errors.Join(errs...)
}

// Decode sets the columns of row, a settable struct, from values in the form
// Encode returns. Columns for which keep is false stay as they are.
func (p *Plan) Decode(row reflect.Value, values []driver.Value, keep func(*Column) bool) error {
	for i := range p.Columns {
		c := &p.Columns[i]
		if keep != nil && !keep(c) {
			continue
		}
		if err := c.Dest(row).Scan(values[i]); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return nil
}

// Equal compares two encoded values.
func Equal(a, b driver.Value) bool {
	switch a := a.(type) {
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	}
	if _, isBytes := b.([]byte); isBytes {
		return false
	}
	return a == b
}

func encodeString(f reflect.Value) (driver.Value, error) {
	if f.Len() == 0 {
		return nil, nil
	}
	return f.String(), nil
}

func encodeBool(f reflect.Value) (driver.Value, error) { return f.Bool(), nil }

func encodeInt(f reflect.Value) (driver.Value, error) { return f.Int(), nil }

func encodeTime(f reflect.Value) (driver.Value, error) {
	return Moment(f.Interface().(time.Time)), nil
}

// Precision is how exactly times are stored.
const Precision = time.Microsecond

// Moment returns t as it is stored, or nil for the zero time.
func Moment(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Truncate(Precision)
}

func encodeBytes(f reflect.Value) (driver.Value, error) {
	if f.Len() == 0 {
		return nil, nil
	}
	return bytes.Clone(f.Bytes()), nil
}

func encodeList(f reflect.Value) (driver.Value, error) {
	return Join(f.Interface().([]string))
}

// Join returns a list as it is stored, or nil if it is empty. A part with a
// comma is an error: it would come back as two.
func Join(list []string) (driver.Value, error) {
	for _, s := range list {
		if strings.Contains(s, ",") {
			return nil, errors.New("a part of a list contains a comma")
		}
	}
	if s := strings.Join(list, ","); s != "" {
		return s, nil
	}
	return nil, nil
}

func encodeObject(f reflect.Value) (driver.Value, error) {
	if f.Len() == 0 {
		return nil, nil
	}
	b, err := json.Marshal(f.Interface())
	return string(b), err
}

func encodeValuer(f reflect.Value) (driver.Value, error) {
	v, ok := f.Interface().(driver.Valuer)
	if !ok {
		v = f.Addr().Interface().(driver.Valuer)
	}
	out, err := v.Value()
	if err != nil {
		return nil, err
	}
	switch x := out.(type) {
	case time.Time:
		return Moment(x), nil
	case []byte:
		return bytes.Clone(x), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(out)
}
