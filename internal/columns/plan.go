// Package columns maps a user type to the columns of its table. The struct tag
// db:"name" names the column of a field; after the name may stand
//
//	pk        the primary key; exactly one field has it
//	secret    never loaded with a request: hashes and shared secrets
//	cold      rarely needed, so not loaded with a request either
//	optional  the column may be missing from the table
//	unique    no two rows have the same value; for stores without a schema
//
// Fields without the tag are not stored. Embedded structs are looked into.
//
// Strings, booleans, numbers, times, []byte, []string (joined by commas) and
// map[string]string (a JSON object) read NULL as their zero value. Pointers to
// them read it as nil. Any other type must be a [database/sql.Scanner] and a
// [database/sql/driver.Valuer].
package columns

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Column is one field that is stored.
type Column struct {
	Name              string
	Key, Secret, Cold bool
	Optional, Unique  bool
	index             []int
	codec             codec
	typ               reflect.Type
}

// Lean reports whether requests load the column.
func (c *Column) Lean() bool { return !c.Secret && !c.Cold }

// Type is the type of the field.
func (c *Column) Type() reflect.Type { return c.typ }

// IsTime reports whether the field is a time or a pointer to one, whose text is
// read here if the driver does not.
func (c *Column) IsTime() bool {
	return c.typ == reflect.TypeFor[time.Time]() || c.typ == reflect.TypeFor[*time.Time]()
}

// Field returns the field in a struct of the plan's type.
func (c *Column) Field(row reflect.Value) reflect.Value { return row.FieldByIndex(c.index) }

// Plan lists the columns of a type in the order of its fields.
type Plan struct {
	Columns []Column
	key     int
}

// For makes the plan of a struct type. The error joins everything that is
// wrong with the tags.
func For(t reflect.Type) (*Plan, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	p := &Plan{key: -1}
	err := errors.Join(p.walk(t, nil)...)
	if p.key < 0 {
		err = errors.Join(err, fmt.Errorf("no field of %s is tagged as the primary key (db:\"id,pk\")", t))
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Key returns the column of the primary key.
func (p *Plan) Key() *Column { return &p.Columns[p.key] }

// Find returns the column of that name, or nil.
func (p *Plan) Find(name string) *Column {
	if i := p.Index(name); i >= 0 {
		return &p.Columns[i]
	}
	return nil
}

// Index returns the position of the column of that name, or -1.
func (p *Plan) Index(name string) int {
	return slices.IndexFunc(p.Columns, func(c Column) bool { return c.Name == name })
}

// Without returns the plan less the columns named, of which none is the key.
func (p *Plan) Without(names []string) *Plan {
	less := &Plan{}
	for _, c := range p.Columns {
		if slices.Contains(names, c.Name) {
			continue
		}
		if c.Key {
			less.key = len(less.Columns)
		}
		less.Columns = append(less.Columns, c)
	}
	return less
}

// walk adds the columns of t, whose place in the outermost struct is at.
func (p *Plan) walk(t reflect.Type, at []int) (errs []error) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		tag, tagged := f.Tag.Lookup("db")
		switch {
		case tag == "-":
		case tagged:
			if err := p.add(t, f, tag, index); err != nil {
				errs = append(errs, err)
			}
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			errs = append(errs, p.walk(f.Type, index)...)
		case f.Anonymous && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct && hasColumns(f.Type.Elem()):
			errs = append(errs, fmt.Errorf("%s embeds %s: embed the struct, not a pointer to it", t, f.Type))
		}
	}
	return errs
}

func (p *Plan) add(t reflect.Type, f reflect.StructField, tag string, index []int) error {
	name, options, _ := strings.Cut(tag, ",")
	c := Column{Name: name, index: index, typ: f.Type}
	where := fmt.Sprintf("%s.%s", t, f.Name)
	if name == "" {
		return fmt.Errorf("%s: the db tag names no column", where)
	}
	if !f.IsExported() {
		return fmt.Errorf("%s: the field of column %s is not exported", where, name)
	}
	if p.Index(name) >= 0 {
		return fmt.Errorf("%s: another field has the column %s", where, name)
	}
	if err := c.options(options); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if c.codec = codecOf(f.Type); c.codec.dest == nil {
		return fmt.Errorf("%s: %s is no type of a column; give it Scan and Value", where, f.Type)
	}
	if c.Key {
		if p.key >= 0 {
			return fmt.Errorf("%s: %s is the primary key already", where, p.Key().Name)
		}
		p.key = len(p.Columns)
	}
	p.Columns = append(p.Columns, c)
	return nil
}

func (c *Column) options(list string) error {
	if list == "" {
		return nil
	}
	for o := range strings.SplitSeq(list, ",") {
		switch o {
		case "pk":
			c.Key = true
		case "secret":
			c.Secret = true
		case "cold":
			c.Cold = true
		case "optional":
			c.Optional = true
		case "unique":
			c.Unique = true
		default:
			return fmt.Errorf("unknown option %q in the db tag", o)
		}
	}
	if c.Key && (c.Secret || c.Cold || c.Optional) {
		return errors.New("the primary key is neither secret, cold nor optional")
	}
	return nil
}

func hasColumns(t reflect.Type) bool {
	for f := range t.Fields() {
		if _, ok := f.Tag.Lookup("db"); ok {
			return true
		}
	}
	return false
}
