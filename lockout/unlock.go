package lockout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/doorward/doorward"
)

// Status is what stands in the way of strangers who try to sign in to an
// account.
type Status struct {
	Failures int       // wrong credentials that count
	Until    time.Time // locked until then; zero if it is not, or for good
	Closed   bool      // locked until somebody unlocks it
}

// Locked reports whether strangers are kept out now.
func (s Status) Locked() bool { return s.Closed || !s.Until.IsZero() }

// Status returns the state of an account's lock.
func (f *Feature) Status(ctx context.Context, u doorward.User) (Status, error) {
	rows, err := f.store.LoadGuesses(ctx, []string{f.accountKey(f.rt.SignIn().AccountName(u))})
	if err != nil {
		return Status{}, fmt.Errorf("look at the lock: %w", err)
	}
	g, now := rows[0], f.rt.Now()
	if f.account.over(&g, now) {
		return Status{}, nil
	}
	s := Status{Failures: g.Count, Closed: g.Count >= f.mostFor(false)}
	if wait := f.account.wait(&g, now); wait > 0 && !s.Closed {
		s.Until = now.Add(wait)
	}
	return s, nil
}

// Unlock forgets the wrong credentials of an account, and reports whether there
// were any. by is for the event: "operator". Waits of single addresses go on;
// they are short.
func (f *Feature) Unlock(ctx context.Context, u doorward.User, by string) (bool, error) {
	had, err := f.forget(ctx, u)
	if had {
		doorward.Fire(ctx, f.rt, &f.hooks.Unlocked, Unlocked{User: u, By: by})
	}
	return had, err
}

// forget opens an account, and lets the mail about its next lock go at once.
func (f *Feature) forget(ctx context.Context, u doorward.User) (had bool, err error) {
	account := f.rt.SignIn().AccountName(u)
	err = f.store.UpdateGuesses(ctx, []string{f.accountKey(account), f.mailKey(account)}, func(rows []doorward.Guesses) error {
		acc, sent := &rows[0], &rows[1]
		had = acc.Count > 0 || f.account.wait(acc, f.rt.Now()) > 0 // a pardoned one may be locked still
		acc.Count, acc.Until = 0, time.Time{}
		sent.Count, sent.Until = 0, time.Time{}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("unlock: %w", err)
	}
	return had, nil
}

func (f *Feature) routes() []doorward.Route {
	request := doorward.Form[requestForm]{Page: f.requestPage, Check: checkRequest, Submit: f.request}
	return []doorward.Route{
		request.Route(doorward.Route{Name: "unlock", Path: f.cfg.UnlockURL}),
		f.rt.Links().Page(doorward.Route{Name: "unlock_link", Path: f.cfg.UnlockURL + "/{token}"}, f.linkPage, f.useLink),
	}
}

// requestForm asks for a link.
type requestForm struct {
	Email string `json:"email"`
}

func (f *Feature) requestPage(*http.Request, *requestForm) (doorward.Result, error) {
	return doorward.Result{Page: f.cfg.UnlockRequestTemplate, Scope: "unlock"}, nil
}

func checkRequest(_ *http.Request, in *requestForm, p *doorward.Problem) {
	p.Require("email", in.Email, "UNLOCK_IDENTITY_NOT_PROVIDED")
}

// kindUnlock is how the limiters know a request for a link.
const kindUnlock = "unlock"

// request sends a link if there is such an account and it is locked. The answer
// and the work are the same if not. An address has only so many requests.
func (f *Feature) request(_ http.ResponseWriter, r *http.Request, in *requestForm) (doorward.Result, error) {
	ctx, signIn := r.Context(), f.rt.SignIn()
	if err := signIn.Count(r, kindUnlock); err != nil {
		return doorward.Result{}, err
	}
	account := signIn.Identify(in.Email)
	user, err := f.rt.Accounts().Find(ctx, in.Email)
	switch {
	case err == nil:
		account = signIn.AccountName(user)
	case errors.Is(err, doorward.ErrNotFound):
		user = nil
	default:
		return doorward.Result{}, fmt.Errorf("find user to unlock: %w", err)
	}
	rows, err := f.store.LoadGuesses(ctx, []string{f.accountKey(account)})
	if err != nil {
		return doorward.Result{}, fmt.Errorf("look at the lock: %w", err)
	}
	if f.accountWait(&try{}, &rows[0], f.rt.Now()) > 0 {
		f.sendLink(ctx, account, user)
	}
	return doorward.Result{Redirect: f.rt.Web().Path("login"), JSON: map[string]any{}, Flash: []doorward.Message{doorward.M("UNLOCK_REQUESTED")}}, nil
}

// linkPage asks whoever followed a link to press a button.
func (f *Feature) linkPage(r *http.Request) (doorward.Result, error) {
	if _, err := f.link(r); err != nil {
		res, _ := f.requestPage(r, nil) // to ask for another link
		res.Form = &requestForm{}
		return res, err
	}
	return doorward.Result{Page: f.cfg.UnlockTemplate, Scope: "unlock", Values: map[string]any{"Action": r.URL.EscapedPath()}, JSON: map[string]any{}}, nil
}

// link returns the link of the request.
func (f *Feature) link(r *http.Request) (doorward.Link, error) {
	l, err := f.links.Open(r.Context(), r.PathValue("token"))
	if errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, doorward.ErrLinkExpired) {
		return l, deadLink()
	}
	return l, err
}

func deadLink() error {
	p := doorward.Fail("", "UNLOCK_LINK_DEAD")
	p.Status = http.StatusNotFound
	return p
}

// useLink unlocks the account, once, and makes this browser known: its owner
// reads the account's mail, and must not be locked out again by the next
// stranger.
func (f *Feature) useLink(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	l, err := f.link(r)
	if err != nil {
		return doorward.Result{}, err
	}
	ctx, had := r.Context(), false
	err = f.rt.Stores().InTx(ctx, func(ctx context.Context) error {
		if err := f.links.Use(ctx, l); err != nil {
			return err
		}
		had, err = f.forget(ctx, l.User)
		return err
	})
	if errors.Is(err, doorward.ErrLinkDead) {
		return doorward.Result{}, deadLink()
	}
	if err != nil {
		return doorward.Result{}, err
	}
	if had {
		doorward.Fire(ctx, f.rt, &f.hooks.Unlocked, Unlocked{User: l.User, By: "mail"})
	}
	f.know(ctx, l.User)
	return f.rt.Links().End(r, doorward.LinkEnd{Message: doorward.M("ACCOUNT_UNLOCKED"), Else: "login", JSON: map[string]any{}})
}
