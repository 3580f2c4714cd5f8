package sessions

import (
	"context"
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// endForm is posted to end one session or all others.
type endForm struct {
	ID  string `json:"id"`
	All bool   `json:"all"`
}

// idSize is how long the hash of a session's id is.
const idSize = 64

func (f *Feature) end(_ http.ResponseWriter, r *http.Request, in *endForm) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	switch {
	case err != nil:
		return doorward.Result{}, err
	case in.All == (in.ID != ""):
		return doorward.Result{}, doorward.Fail("", "API_ERROR") // one of them, and not both
	case in.All:
		return f.endOthers(r)
	case in.ID == id.SessionID:
		return f.leave(r)
	}
	return f.endOne(r.Context(), id, in.ID)
}

// endOthers ends every session but the caller's; with a token he has none.
func (f *Feature) endOthers(r *http.Request) (doorward.Result, error) {
	n, err := f.rt.Accounts().EndOthers(r)
	if err != nil {
		return doorward.Result{}, err
	}
	return f.ended(n, doorward.M("SESSIONS_ENDED", "n", n)), nil
}

// endOne looks among the caller's sessions only, so that one of another user is
// not found.
func (f *Feature) endOne(ctx context.Context, id doorward.Identity, hash string) (doorward.Result, error) {
	err := doorward.ErrNotFound
	if len(hash) == idSize {
		err = f.rt.Accounts().EndSession(ctx, id.User, hash)
	}
	if errors.Is(err, doorward.ErrNotFound) {
		p := doorward.Fail("id", "SESSION_NOT_FOUND")
		p.Status = http.StatusNotFound
		return doorward.Result{}, p
	}
	if err != nil {
		return doorward.Result{}, err
	}
	return f.ended(1, doorward.M("SESSION_ENDED")), nil
}

// leave ends the current session: this browser is signed out.
func (f *Feature) leave(r *http.Request) (doorward.Result, error) {
	if err := f.rt.SignIn().Logout(r); err != nil {
		return doorward.Result{}, err
	}
	res := f.ended(1, doorward.M("SESSION_ENDED"))
	res.Redirect = f.rt.Web().Target(r, "", f.rt.Web().PostLogout())
	return res, nil
}

func (f *Feature) ended(n int, m doorward.Message) doorward.Result {
	return doorward.Result{Redirect: f.rt.Web().Path("sessions"), Flash: []doorward.Message{m}, JSON: map[string]any{"ended": n}}
}
