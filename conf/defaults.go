package conf

import "errors"

// Defaults gives every setting of the struct that cfg points to, if it still
// has its zero value, what its default tag says; an Opt that is not set becomes
// set, possibly to null. Features that are off stay off. The only error is one
// in the struct's own tags.
//
// Features call it on their copy of the configuration, so that the value in the
// documentation and the value in force cannot differ.
func Defaults(cfg any) error {
	fields, err := fieldsOf(cfg, true)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range fields {
		if f.def == "" || f.feature || f.spec.kind == kindBool && f.opt == nil || !f.isZero() {
			continue
		}
		v, p := f.parse(f.def)
		if p != nil {
			errs = append(errs, p.on(f.path, f.def, f.secret))
			continue
		}
		f.assign(v)
	}
	return errors.Join(errs...)
}
