package doorward

import (
	"net/http"
)

// Form is an endpoint that shows a form and takes it back. F is a struct whose
// json tags are the names of the fields, in JSON and in posted forms, and whose
// order is the order of their errors. Fields are text, bool or []string. A text
// with the tag `kind:"code"` is a one-time code: clients may send it as a number.
//
// A form whose fields depend on settings gives *F two methods. FieldNames()
// []string are then all of its fields, in the order of their errors: those of
// the struct that it leaves out are not read, and the text of one that the
// struct does not have goes to SetField(name, value string).
type Form[F any] struct {
	// New returns the form before anything is filled in; default: the zero F.
	New func(r *http.Request) *F
	// Page returns what to show: at GET, and when Submit failed.
	Page func(r *http.Request, in *F) (Result, error)
	// Check looks at the form alone: no store, no side effect. Fields with a
	// message already (of the wrong type) are not checked further.
	Check func(r *http.Request, in *F, p *Problem)
	// Submit acts on a form that passed. It is never called with a message
	// left, nor without a good CSRF token where one is needed.
	Submit func(w http.ResponseWriter, r *http.Request, in *F) (Result, error)
}

// Route makes rt, whose Get and Post must be empty, a route for f.
func (f Form[F]) Route(rt Route) Route {
	rt.form = f
	return rt
}

// variableForm is a form that knows its own fields; see [Form].
type variableForm interface {
	FieldNames() []string
	SetField(name, value string)
}

// formRoute is a Form without its type.
type formRoute interface {
	gets() bool
	posts() bool
	page(w http.ResponseWriter, r *http.Request) (Result, error)
	post(w http.ResponseWriter, r *http.Request, b *body, refused *Problem) (Result, error)
}

func (f Form[F]) gets() bool  { return f.Page != nil }
func (f Form[F]) posts() bool { return f.Submit != nil }

func (f Form[F]) blank(r *http.Request) *F {
	if f.New != nil {
		return f.New(r)
	}
	return new(F)
}

func (f Form[F]) page(_ http.ResponseWriter, r *http.Request) (Result, error) {
	return f.show(r, f.blank(r))
}

func (f Form[F]) show(r *http.Request, in *F) (Result, error) {
	if f.Page == nil {
		return Result{fields: fieldNames(in)}, nil
	}
	res, err := f.Page(r, in)
	if res.fields = fieldNames(in); res.Form == nil {
		res.Form = in
	}
	return res, err
}

// post binds, checks and submits. refused is what was wrong with the request
// before its form was looked at: then nothing is submitted, and the page shows
// what was typed.
func (f Form[F]) post(w http.ResponseWriter, r *http.Request, b *body, refused *Problem) (Result, error) {
	in := f.blank(r)
	p := &Problem{}
	b.bind(in, p)
	if refused == nil && f.Check != nil {
		f.Check(r, in, p)
	}
	if refused != nil {
		p = refused
	}
	if err := p.OrNil(); err != nil {
		return f.again(r, in, err)
	}
	res, err := f.Submit(w, r, in)
	if err != nil {
		return f.again(r, in, err)
	}
	return res, nil
}

func (f Form[F]) again(r *http.Request, in *F, err error) (Result, error) {
	if _, ok := asProblem(err); !ok {
		return Result{}, err
	}
	res, pageErr := f.show(r, in)
	if pageErr != nil {
		return Result{}, pageErr
	}
	return res, err
}
