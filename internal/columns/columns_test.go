package columns_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/columns"
)

type base struct {
	Email  string            `db:"email"`
	Secret string            `db:"secret,secret"`
	Seen   time.Time         `db:"seen,cold"`
	Codes  []string          `db:"codes"`
	Extra  map[string]string `db:"extra,optional"`
	Active bool              `db:"active"`
	Count  int               `db:"count"`
}

type name string

type record struct {
	ID     int64      `db:"id,pk"`
	Name   name       `db:"name,unique"`
	Small  int8       `db:"small"`
	Size   uint16     `db:"size"`
	Rate   float64    `db:"rate"`
	Raw    []byte     `db:"raw"`
	Note   *string    `db:"note"`
	When   *time.Time `db:"at"`
	Yes    *bool      `db:"yes"`
	Pair   pair       `db:"pair"`
	Unused string
	Off    string `db:"-"`
	base
}

type pair struct{ a, b string }

func (p *pair) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return errors.New("no text")
	}
	p.a, p.b, _ = strings.Cut(s, "/")
	return nil
}

func (p pair) Value() (driver.Value, error) { return p.a + "/" + p.b, nil }

func plan(t testing.TB) *columns.Plan {
	t.Helper()
	p, err := columns.For(reflect.TypeFor[record]())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlan(t *testing.T) {
	p := plan(t)
	var lean, all []string
	for i := range p.Columns {
		all = append(all, p.Columns[i].Name)
		if p.Columns[i].Lean() {
			lean = append(lean, p.Columns[i].Name)
		}
	}
	if got := strings.Join(all, " "); got != "id name small size rate raw note at yes pair email secret seen codes extra active count" {
		t.Errorf("columns %s", got)
	}
	if got := strings.Join(lean, " "); strings.Contains(got, "secret") || strings.Contains(got, "seen") || !strings.Contains(got, "email") {
		t.Errorf("lean %s", got)
	}
	less := p.Without([]string{"name", "extra"})
	if less.Key().Name != "id" || less.Find("extra") != nil || less.Index("small") != 1 || len(p.Columns) != len(less.Columns)+2 {
		t.Errorf("less %v", less.Columns)
	}
}

func TestBadTags(t *testing.T) {
	type withKey struct {
		ID int `db:"id,pk"`
	}
	for want, v := range map[string]any{
		"no field of": struct {
			A string `db:"a"`
		}{},
		"another field has the column": struct {
			withKey
			A, B string `db:"x"`
		}{},
		"is not exported": struct {
			withKey
			a string `db:"a"`
		}{},
		"unknown option \"primary\"": struct {
			withKey
			A string `db:"a,primary"`
		}{},
		"is the primary key already": struct {
			withKey
			A string `db:"a,pk"`
		}{},
		"is no type of a column": struct {
			withKey
			A struct{ B int } `db:"a"`
		}{},
		"chan int is no type": struct {
			withKey
			A chan int `db:"a"`
		}{},
		"names no column": struct {
			withKey
			A string `db:",cold"`
		}{},
		"not a pointer to it": struct{ *withKey }{},
		"neither secret, cold nor": struct {
			A string `db:"a,pk,cold"`
		}{},
		"is not a struct": 1,
	} {
		if _, err := columns.For(reflect.TypeOf(v)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v, want %q", v, err, want)
		}
	}
	_, err := columns.For(reflect.TypeFor[struct {
		A chan int `db:"a"`
		B string   `db:"b,x"`
	}]())
	for _, want := range []string{"chan int", `"x"`, "no field"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not all problems at once: %v", err)
		}
	}
}

// A shadowed field is a column still: Go hides it, the table does not.
func TestShadowedField(t *testing.T) {
	type shadow struct {
		ID    int    `db:"id,pk"`
		Email string `db:"other"`
		base
	}
	p, err := columns.For(reflect.TypeFor[shadow]())
	if err != nil || p.Find("email") == nil || p.Find("other") == nil {
		t.Error(err)
	}
}

func TestRoundTrip(t *testing.T) {
	note, yes, at := "", false, time.Date(2026, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600))
	p := plan(t)
	for _, want := range []record{
		{},
		{ID: 1, Name: "n", Small: -3, Size: 65535, Rate: 0.5, Raw: []byte{0}, Note: &note, When: &at, Yes: &yes, Pair: pair{"x", "y"},
			base: base{"e", "s", at, []string{"a", "", "b"}, map[string]string{"k": "v,\x00"}, true, -1}},
	} {
		values, err := p.Encode(reflect.ValueOf(&want).Elem())
		if err != nil {
			t.Fatal(err)
		}
		have := record{Pair: pair{"old", "old"}, base: base{Email: "old", Codes: []string{"old"}, Extra: map[string]string{"old": ""}}}
		if err := p.Decode(reflect.ValueOf(&have).Elem(), values, nil); err != nil {
			t.Fatal(err)
		}
		again, err := p.Encode(reflect.ValueOf(&have).Elem())
		if err != nil {
			t.Fatal(err)
		}
		for i := range values {
			if !columns.Equal(values[i], again[i]) {
				t.Errorf("%s is %v, was %v", p.Columns[i].Name, again[i], values[i])
			}
		}
		if have.Email != want.Email || !have.Seen.Equal(want.Seen.Truncate(time.Microsecond)) || fmt.Sprint(have.Codes, have.Extra) != fmt.Sprint(want.Codes, want.Extra) || (have.Note == nil) != (want.Note == nil) {
			t.Errorf("%+v, want %+v", have, want)
		}
	}
}

func TestEncode(t *testing.T) {
	r := record{base: base{Codes: []string{"a,b"}}}
	if _, err := plan(t).Encode(reflect.ValueOf(&r).Elem()); err == nil || strings.Contains(err.Error(), "a,b") {
		t.Errorf("a comma in a list: %v", err)
	}
	r = record{Note: new(string)}
	p := plan(t)
	values, err := p.Encode(reflect.ValueOf(&r).Elem())
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]driver.Value{"email": nil, "note": "", "at": nil, "seen": nil, "codes": nil, "extra": nil, "count": int64(0), "active": false, "raw": nil} {
		if have := values[p.Index(column)]; have != want {
			t.Errorf("%s is %#v, want %#v", column, have, want)
		}
	}
}

func TestScanForms(t *testing.T) {
	p := plan(t)
	for _, c := range []struct {
		column string
		src    any
		want   any // nil: an error
	}{
		{"email", []byte("x"), "x"}, {"email", nil, ""}, {"email", int64(12), "12"}, {"email", 1.5, nil},
		{"active", int64(1), true}, {"active", "true", true}, {"active", []byte("0"), false}, {"active", nil, false}, {"active", "yes?", nil},
		{"count", []byte("7"), 7}, {"count", "x", nil}, {"count", uint64(7), 7}, {"count", uint64(math.MaxInt64) + 1, nil}, {"count", nil, 0}, {"count", true, 1}, {"count", 1.5, nil},
		{"small", int64(127), int8(127)}, {"small", int64(128), nil}, {"size", int64(-1), nil}, {"size", int64(70000), nil},
		{"rate", int64(2), 2.0}, {"rate", "2.5", 2.5}, {"rate", float32(1.1), 1.1}, {"rate", "x", nil}, {"rate", math.Pi, math.Pi},
		{"id", "9", int64(9)}, {"name", "n", name("n")}, {"raw", "ab", []byte("ab")}, {"raw", int64(1), nil},
		{"codes", "a,b", []string{"a", "b"}}, {"codes", "", []string(nil)}, {"codes", int64(1), []string{"1"}},
		{"extra", `{"a": "b"}`, map[string]string{"a": "b"}}, {"extra", "null", map[string]string(nil)}, {"extra", "[1]", nil}, {"extra", "", map[string]string(nil)},
		{"seen", "2026-01-02 03:04:05.000006", time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)}, {"seen", "2026-01-02 03:04", time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)},
		{"seen", "soon", nil}, {"seen", []byte("0000-00-00 00:00:00.000000"), time.Time{}}, {"seen", int64(1), nil}, {"seen", "", time.Time{}}, {"pair", "a/b", pair{"a", "b"}}, {"pair", int64(1), nil},
	} {
		var r record
		row := reflect.ValueOf(&r).Elem()
		col := p.Find(c.column)
		err := col.Dest(row).Scan(c.src)
		switch {
		case c.want == nil:
			if err == nil {
				t.Errorf("%s took %#v", c.column, c.src)
			} else if s, ok := c.src.(string); ok && strings.Contains(err.Error(), s) {
				t.Errorf("the error quotes the value: %v", err)
			}
		case err != nil:
			t.Errorf("%s from %#v: %v", c.column, c.src, err)
		case !reflect.DeepEqual(col.Field(row).Interface(), c.want):
			t.Errorf("%s from %#v is %#v, want %#v", c.column, c.src, col.Field(row).Interface(), c.want)
		}
	}
}

func TestScanKeepsNothingOfTheDriver(t *testing.T) {
	p, b := plan(t), []byte("ab")
	var r record
	row := reflect.ValueOf(&r).Elem()
	for _, c := range []string{"raw", "email"} {
		if err := p.Find(c).Dest(row).Scan(b); err != nil {
			t.Fatal(err)
		}
	}
	b[0] = 'x'
	if string(r.Raw) != "ab" || r.Email != "ab" {
		t.Errorf("%s %s", r.Raw, r.Email)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("2026-01-02 03:04:05.000006 +0000 UTC m=+1")
	f.Add(`{"a":"b"}`)
	f.Add("a,b")
	p := plan(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []string{"seen", "extra", "codes", "email", "count", "at"} {
			var r record
			row := reflect.ValueOf(&r).Elem()
			col := p.Find(c)
			if col.Dest(row).Scan(text) != nil {
				continue
			}
			v, err := col.Encode(row)
			if err != nil {
				t.Fatalf("%s took %q and does not give it back: %v", c, text, err)
			}
			var again record
			to := reflect.ValueOf(&again).Elem()
			if err := col.Dest(to).Scan(v); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			if w, err := col.Encode(to); err != nil || !columns.Equal(v, w) {
				t.Errorf("%s: %v, then %v", c, v, w)
			}
		}
	})
}
