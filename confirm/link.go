package confirm

import (
	"context"
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

var errAlready = errors.New("confirm: confirmed already")

// linkPage asks whoever followed a link to press a button. It does not say
// whose link it is.
func (f *Feature) linkPage(r *http.Request) (doorward.Result, error) {
	_, why, err := f.open(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if why.Key != "" {
		return f.refuse(r, why)
	}
	return doorward.Result{Page: f.cfg.LinkTemplate, Scope: "confirm_email", Values: map[string]any{"Action": r.URL.EscapedPath()}, JSON: map[string]any{}}, nil
}

// open returns the link of the request, or a message that says why it is of no
// use. An account that is confirmed goes before a link that is too old.
func (f *Feature) open(r *http.Request) (doorward.Link, doorward.Message, error) {
	l, err := f.links.Open(r.Context(), r.PathValue("token"))
	expired := errors.Is(err, doorward.ErrLinkExpired)
	switch {
	case errors.Is(err, doorward.ErrLinkDead):
		return l, doorward.M("INVALID_CONFIRMATION_TOKEN"), nil
	case err != nil && !expired:
		return l, doorward.Message{}, err
	case !l.User.SecurityAccount().ConfirmedAt.IsZero():
		return l, doorward.M("ALREADY_CONFIRMED"), nil
	case expired:
		return l, doorward.M("CONFIRMATION_EXPIRED", "within", f.cfg.Within), nil
	}
	return l, doorward.Message{}, nil
}

func (f *Feature) refuse(r *http.Request, why doorward.Message) (doorward.Result, error) {
	return f.rt.Links().End(r, doorward.LinkEnd{Message: why, View: f.cfg.ErrorView, Else: "send_confirmation"})
}

// useLink confirms the address, once. Somebody else who is signed in here is
// signed out: this browser is that of who reads the mail.
func (f *Feature) useLink(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil && !errors.Is(err, doorward.ErrAnonymous) {
		return doorward.Result{}, err
	}
	signedIn := err == nil
	l, why, err := f.open(r)
	if err == nil && why.Key == "" {
		why, err = f.take(r, l)
	}
	if err != nil {
		return doorward.Result{}, err
	}
	if why.Key != "" {
		return f.refuse(r, why)
	}
	doorward.Fire(r.Context(), f.rt, &f.hooks.Confirmed, Confirmed{User: l.User, By: "mail"})
	same := signedIn && id.User.SecurityAccount().Uniquifier == l.User.SecurityAccount().Uniquifier
	if signedIn && !same {
		if err := f.rt.SignIn().Logout(r); err != nil {
			return doorward.Result{}, err
		}
	}
	if f.cfg.AutoLogin && !same {
		return f.signIn(w, r, l.User)
	}
	return f.rt.Links().End(r, f.done(l.User))
}

// take uses the link up and stores what it does, in one step. Who comes too
// late is told why.
func (f *Feature) take(r *http.Request, l doorward.Link) (doorward.Message, error) {
	err := f.rt.Stores().InTx(r.Context(), func(ctx context.Context) error {
		if err := f.links.Use(ctx, l); err != nil {
			return err
		}
		return f.rt.Stores().Users.UpdateUser(ctx, l.User, func(acc *doorward.Account) error {
			if err := f.links.Still(l, acc); err != nil {
				return err
			}
			if !acc.ConfirmedAt.IsZero() {
				return errAlready
			}
			acc.ConfirmedAt = f.rt.Now()
			return nil
		})
	})
	if errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, errAlready) || errors.Is(err, doorward.ErrNotFound) {
		_, why, err := f.open(r)
		if err == nil && why.Key == "" { // used, and the account made unconfirmed again since
			why = doorward.M("INVALID_CONFIRMATION_TOKEN")
		}
		return why, err
	}
	return doorward.Message{}, err
}

// done is how a link ends that has worked.
func (f *Feature) done(u doorward.User) doorward.LinkEnd {
	return doorward.LinkEnd{Message: doorward.M("EMAIL_CONFIRMED"), View: f.cfg.PostConfirm, Else: "login", User: u, JSON: map[string]any{}}
}

// signIn signs the owner in, through the funnel: second factor included. What
// stands in the way of that changes nothing about the address, which is
// confirmed, and is not told to whoever has the link.
func (f *Feature) signIn(w http.ResponseWriter, r *http.Request, u doorward.User) (doorward.Result, error) {
	end, in := f.done(u), f.done(u)
	in.Else = f.rt.Links().PostLogin()
	// The end takes the place of next: a link leads where the settings say.
	res, err := f.rt.SignIn().Login(w, r, doorward.Attempt{User: u, Via: []string{"confirm"}, View: f.cfg.PostConfirm, End: &in})
	if _, told := errors.AsType[*doorward.Problem](err); err != nil {
		if !told {
			f.rt.Logger().ErrorContext(r.Context(), "confirmed, but not signed in", "err", err)
		}
		return f.rt.Links().End(r, end)
	}
	if res.JSON["tf_required"] == true {
		res.Flash = append(res.Flash, end.Message)
	}
	res.Always = f.rt.Links().ByGet() && r.Method != http.MethodPost
	return res, nil
}
