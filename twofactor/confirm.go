package twofactor

import (
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// confirmForm takes the first code of a setup whose token is in the path, of who
// is signed in.
func (f *Feature) confirmForm() doorward.Form[codeForm] {
	return doorward.Form[codeForm]{Page: f.confirmPage, Check: checkCode, Submit: f.submitConfirm}
}

// inPath returns the setup of the request's path.
func (f *Feature) inPath(r *http.Request) (caller, setup, error) {
	c, err := f.caller(r)
	if err != nil {
		return c, setup{}, err
	}
	s, err := f.open(r.PathValue("token"), c)
	switch {
	case errors.Is(err, errSetupExpired):
		err = f.expired(r)
	case err != nil:
		err = f.badToken()
	}
	return c, s, err
}

// badToken is the answer to a token that was not made for the caller, or was used.
func (f *Feature) badToken() error {
	return doorward.Fail("", "API_ERROR").LeadTo(f.rt.Web().Path("two_factor_setup"))
}

// confirmPage shows the same again after a wrong code: the key that somebody has
// scanned goes on to be the one.
func (f *Feature) confirmPage(r *http.Request, in *codeForm) (doorward.Result, error) {
	c, s, err := f.inPath(r)
	if err != nil {
		return doorward.Result{}, err
	}
	return f.setupStep(r.Context(), c, s, in.checked)
}

func (f *Feature) submitConfirm(_ http.ResponseWriter, r *http.Request, in *codeForm) (doorward.Result, error) {
	c, s, err := f.inPath(r)
	if err == nil {
		err = f.confirm(r, c, s, in.Code)
	}
	if errors.Is(err, errSetupBad) {
		err = f.badToken()
	}
	if err != nil {
		return doorward.Result{}, err
	}
	return f.changed(doorward.Result{JSON: map[string]any{"tf_method": s.Method, "tf_primary_method": s.Method, "tf_phone": orNull(s.Phone)}}), nil
}

// confirm proves a setup by its first code, and stores it.
func (f *Feature) confirm(r *http.Request, c caller, s setup, code string) error {
	if err := f.prove(r, c.user, factor{method: s.Method, secret: s.Secret}, code); err != nil {
		return err
	}
	if err := f.store(r.Context(), c, s); err != nil {
		return err
	}
	f.rt.Web().SetDraft(r, draftKey, "")
	return nil
}
