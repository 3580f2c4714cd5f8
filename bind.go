package doorward

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"
)

// body is a request's body, read once. A field is a JSON value or a posted string.
type body struct {
	json map[string]any
	form url.Values
	any  bool // there was a body at all
}

func isForm(r *http.Request) bool {
	ct, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return ct == "application/x-www-form-urlencoded" || ct == "multipart/form-data"
}

func isJSON(mediaType string) bool {
	ct, _, _ := mime.ParseMediaType(mediaType)
	return ct == "application/json" || strings.HasPrefix(ct, "application/") && strings.HasSuffix(ct, "+json")
}

func malformed(status int, cause error) *Problem {
	p := Fail("", "API_ERROR")
	p.Status, p.Err, p.strict = status, cause, true
	return p
}

// readBody reads and parses the body of a security page's request.
func readBody(w http.ResponseWriter, r *http.Request, max int64) (*body, *Problem) {
	b := &body{}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return b, nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, max)
	ct := r.Header.Get("Content-Type")
	var err error
	switch {
	case isJSON(ct):
		err = b.readJSON(r.Body)
	case isForm(r):
		err = b.readForm(r, max)
	default:
		var one [1]byte
		if n, _ := io.ReadFull(r.Body, one[:]); n == 0 {
			return b, nil
		}
		return b, malformed(http.StatusUnsupportedMediaType, nil)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &body{}, malformed(http.StatusRequestEntityTooLarge, err)
	case err != nil:
		return &body{}, malformed(http.StatusBadRequest, err)
	}
	b.any = true
	return b, nil
}

var (
	errNotUTF8   = errors.New("body is not UTF-8")
	errNoObject  = errors.New("body is no JSON object")
	errDuplicate = errors.New("body names a key twice")
	errTrailing  = errors.New("body goes on after its end")
)

// readJSON accepts exactly one object whose keys differ. Numbers stay text.
func (b *body) readJSON(in io.Reader) error {
	raw, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if !utf8.Valid(raw) {
		return errNotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return errNoObject
	}
	b.json = map[string]any{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if _, twice := b.json[name]; twice {
			return errDuplicate
		}
		var val any
		if err := d.Decode(&val); err != nil {
			return err
		}
		b.json[name] = val
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}

func (b *body) readForm(r *http.Request, max int64) error {
	var err error
	if ct, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); ct == "multipart/form-data" {
		err = r.ParseMultipartForm(max)
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll()
		}
	} else {
		err = r.ParseForm()
	}
	b.form = r.PostForm
	return err
}

// text returns a string field for the CSRF check.
func (b *body) text(name string) string {
	if s, ok := b.json[name].(string); ok {
		return s
	}
	return b.form.Get(name)
}

// bind fills the fields of form by their json tags, and adds API_ERROR for
// each that is of the wrong type, sent twice, or no text. Strings may hold
// anything else that is UTF-8; NUL and the like are for nobody.
func (b *body) bind(form any, p *Problem) {
	v := reflect.ValueOf(form).Elem()
	index := map[string]int{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		index[name] = i
	}
	more, _ := form.(variableForm)
	for _, name := range fieldNames(form) {
		ok := true
		if i, fixed := index[name]; fixed {
			if v.Type().Field(i).Tag.Get("kind") == "code" {
				b.restoreZeros(name)
			}
			ok = b.set(v.Field(i), name)
		} else if s, given, good := b.str(name); given {
			more.SetField(name, s)
		} else {
			ok = good
		}
		if !ok {
			p.Add(name, M("API_ERROR"))
		}
	}
}

func (b *body) set(f reflect.Value, name string) bool {
	switch f.Kind() {
	case reflect.Bool:
		val, inJSON := b.json[name]
		posted := b.form[name]
		switch {
		case len(posted) > 1:
			return false
		case inJSON:
			truth, ok := truthy(val)
			f.SetBool(truth)
			return ok
		case len(posted) == 1:
			truth, _ := truthy(posted[0])
			f.SetBool(truth)
		case b.any:
			f.SetBool(false)
		}
	case reflect.String:
		s, given, ok := b.str(name)
		if given {
			f.SetString(s)
		}
		return ok
	case reflect.Slice:
		list, ok := b.list(name)
		if ok && len(list) > 0 {
			f.Set(reflect.ValueOf(list))
		}
		return ok
	}
	return true
}

// codeDigits is how long a one-time code is.
const codeDigits = 6

// restoreZeros makes the text of a code out of a JSON number, which has lost the
// zeros that a code may begin with. What is no such number is left as it is.
func (b *body) restoreZeros(name string) {
	n, ok := b.json[name].(json.Number)
	if !ok || len(n) > codeDigits || strings.ContainsFunc(n.String(), func(r rune) bool { return r < '0' || r > '9' }) {
		return
	}
	b.json[name] = strings.Repeat("0", codeDigits-len(n)) + n.String()
}

// maxList bounds the values of one field.
const maxList = 32

// list returns the values of a field that may have several: posted more than
// once, or a list in JSON, or one text.
func (b *body) list(name string) (out []string, ok bool) {
	values, isList := b.json[name].([]any)
	if !isList {
		if posted := b.form[name]; len(posted) > 1 {
			values = make([]any, len(posted))
			for i, s := range posted {
				values[i] = s
			}
		} else {
			s, _, ok := b.str(name)
			if s == "" {
				return nil, ok
			}
			return []string{s}, ok
		}
	}
	if len(values) > maxList {
		return nil, false
	}
	for _, v := range values {
		s, ok := v.(string)
		if !ok || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

// str returns a text field, whether it was sent, and whether that was proper.
func (b *body) str(name string) (s string, given, ok bool) {
	val, inJSON := b.json[name]
	posted := b.form[name]
	switch {
	case len(posted) > 1:
		return "", false, false
	case inJSON && val == nil:
		return "", true, true
	case inJSON:
		s, ok = val.(string)
	case len(posted) == 1:
		s, ok = posted[0], true
	default:
		return "", false, true
	}
	if !ok || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", false, false
	}
	return s, true, true
}

// truthy is the contract's table: false are false, 0, "" and "false"; all the
// rest is true, null and "0" included. A list or an object is neither.
func truthy(v any) (truth, ok bool) {
	switch x := v.(type) {
	case bool:
		return x, true
	case json.Number:
		f, err := x.Float64()
		return err != nil || f != 0, true
	case string:
		return x != "" && x != "false", true
	case nil:
		return true, true
	}
	return false, false
}

// fieldNames lists the names of form's fields in order.
func fieldNames(form any) []string {
	if v, ok := form.(variableForm); ok {
		return v.FieldNames()
	}
	t := reflect.TypeOf(form)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	var out []string
	for i := range t.Elem().NumField() {
		if name, _, _ := strings.Cut(t.Elem().Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}
