// Package site is what visitors of the server see besides the security pages:
// a home page and a page about themselves.
package site

import (
	"embed"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/doorward/doorward"
)

//go:embed templates
var files embed.FS

// Feature is the two pages.
//
//	/         GET  who is signed in, and where to go from here
//	/profile  GET  the account, for whoever proves to be its owner in any way
type Feature struct{ rt *doorward.Runtime }

// New returns the feature, for doorward.New.
func New() *Feature { return &Feature{} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "site" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	anyway := &doorward.Auth{Via: []string{doorward.MechanismSession, doorward.MechanismToken, doorward.MechanismBasic}}
	return rt.Handle(
		doorward.Route{Name: "home", Path: "/", Get: f.home},
		doorward.Route{Name: "profile", Path: "/profile", Caller: doorward.UserCaller, Auth: anyway, Get: f.profile},
	)
}

// Addr returns the address a request came from, behind trusted proxies.
func (f *Feature) Addr(r *http.Request) netip.Addr { return f.rt.Web().Addr(r) }

// link leads to a page; those that are off are left out.
type link struct{ URL, Label string }

func (f *Feature) links(pages ...string) []link {
	var out []link
	for _, page := range pages {
		if url := f.rt.Web().Path(page); url != "" {
			out = append(out, link{url, "site_" + page})
		}
	}
	return out
}

func (f *Feature) home(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	res := doorward.Result{Page: "site/home.html", Scope: "home"}
	if err == nil {
		acc := id.User.SecurityAccount()
		res.Values = map[string]any{"Name": name(acc), "Links": f.links("profile", "sessions"), "SignedIn": true}
		res.JSON = map[string]any{"signed_in": true, "email": acc.Email}
		return res, nil
	}
	if !errors.Is(err, doorward.ErrAnonymous) {
		return res, err
	}
	res.Values = map[string]any{"Links": f.links("login", "register"), "SignedIn": false}
	res.JSON = map[string]any{"signed_in": false}
	return res, nil
}

func (f *Feature) profile(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	acc := id.User.SecurityAccount()
	roles, permissions := granted(id.Roles)
	security, facts, err := f.security(r.Context(), id.User)
	if err != nil {
		return doorward.Result{}, err
	}
	data := map[string]any{
		"email": acc.Email, "username": null(acc.Username), "roles": roles, "permissions": permissions,
		"mechanism": id.Mechanism, "via": append([]string{}, id.Via...), "authenticated_at": null(stamp(id.AuthnAt)), "security": facts,
	}
	return doorward.Result{
		Page: "site/profile.html", Scope: "profile", JSON: data,
		Values: map[string]any{
			"Email": acc.Email, "Username": acc.Username, "Roles": roles, "Permissions": permissions,
			"Mechanism": id.Mechanism, "Via": id.Via, "At": stamp(id.AuthnAt), "AtText": id.AuthnAt.UTC().Format("2006-01-02 15:04 UTC"),
			"Session": id.Mechanism == doorward.MechanismSession,
			"Links":   f.links("change_email", "change_username"), "Security": security,
		},
	}, nil
}

// granted returns the names of roles and everything that they permit.
func granted(roles []doorward.Role) (names, permissions []string) {
	names, permissions = []string{}, []string{}
	for _, r := range roles {
		names = append(names, r.Name)
		permissions = append(permissions, r.Permissions...)
	}
	slices.Sort(permissions)
	return names, slices.Compact(permissions)
}

func name(acc *doorward.Account) string {
	if acc.Email == "" {
		return acc.Username
	}
	return acc.Email
}

// null is JSON's word for nothing.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
