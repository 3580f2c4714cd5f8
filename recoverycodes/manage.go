package recoverycodes

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// codesForm is the form of the page that shows and makes codes. Its fields are
// buttons; whatever is posted makes new ones.
type codesForm struct {
	ShowCodes bool `json:"show_codes"`
	Generate  bool `json:"generate_new_codes"`
}

func (f *Feature) codesForm() doorward.Form[codesForm] {
	return doorward.Form[codesForm]{Page: f.codesPage, Submit: f.generate}
}

// codesPage shows a client its codes, and a browser if it asks for them: others
// may be looking at the screen.
func (f *Feature) codesPage(r *http.Request, _ *codesForm) (doorward.Result, error) {
	u, err := f.caller(r)
	if err != nil {
		return doorward.Result{}, err
	}
	plain := plainCodes(f.open(r.Context(), u.SecurityAccount().RecoveryCodes))
	if f.rt.Web().WantsJSON(r) || r.URL.Query().Has("show_codes") && r.Method != http.MethodPost {
		res := f.codesResult(plain, len(plain), false)
		if len(plain) == 0 && !f.rt.Web().WantsJSON(r) {
			return res, doorward.Fail("show_codes", "NO_RECOVERY_CODES_SETUP")
		}
		return res, nil
	}
	return f.codesResult(nil, len(plain), false), nil
}

func (f *Feature) codesResult(plain []string, left int, made bool) doorward.Result {
	if plain == nil {
		plain = []string{}
	}
	return doorward.Result{
		Page: f.cfg.CodesTemplate, Scope: "mf_recovery_codes",
		Values: map[string]any{"Codes": plain, "Left": left, "New": made},
		JSON:   map[string]any{"recovery_codes": plain},
	}
}

// generate replaces the caller's codes, and shows the new ones this once
// without being asked.
func (f *Feature) generate(_ http.ResponseWriter, r *http.Request, _ *codesForm) (doorward.Result, error) {
	u, err := f.caller(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if err := f.rt.Mail().AdmitOwn(r, "change", u); err != nil {
		return doorward.Result{}, err
	}
	plain, sealed, err := f.newCodes()
	if err != nil {
		return doorward.Result{}, err
	}
	ctx, uniquifier := r.Context(), u.SecurityAccount().Uniquifier
	err = f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		if acc.Uniquifier != uniquifier { // signed out everywhere meanwhile
			return doorward.ErrAnonymous
		}
		acc.RecoveryCodes = sealed
		return nil
	})
	if errors.Is(err, doorward.ErrAnonymous) || errors.Is(err, doorward.ErrNotFound) {
		return doorward.Result{}, doorward.ErrAnonymous
	}
	if err != nil {
		return doorward.Result{}, fmt.Errorf("store recovery codes: %w", err)
	}
	doorward.Fire(ctx, f.rt, &f.hooks.CodesGenerated, CodesGenerated{User: u, N: len(plain)})
	f.codes.Notify(ctx, codes.Notice{User: u, What: "notice_recovery_made", Left: len(plain)})
	return f.codesResult(plain, len(plain), true), nil
}

// caller returns who asks, with the columns that no request loads.
func (f *Feature) caller(r *http.Request) (doorward.User, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return nil, err
	}
	return f.whole(r.Context(), id.User)
}

func (f *Feature) whole(ctx context.Context, u doorward.User) (doorward.User, error) {
	whole, err := f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: u.SecurityAccount().Uniquifier})
	if errors.Is(err, doorward.ErrNotFound) {
		return nil, doorward.ErrAnonymous // gone meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("find the caller: %w", err)
	}
	return whole, nil
}
