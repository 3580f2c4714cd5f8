package login

import (
	"context"
	"embed"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/internal/passwords"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/usernames"
)

// Config configures the feature; its zero value is the default, but for Hasher.
type Config struct {
	URL            string             `setting:"LOGIN_URL" default:"/login" help:"Path of the sign-in page."`
	LogoutURL      string             `setting:"LOGOUT_URL" default:"/logout" help:"Path that signs out."`
	VerifyURL      string             `setting:"VERIFY_URL" default:"/verify" help:"Path of the page that asks for the password again."`
	PostVerify     string             `setting:"POST_VERIFY_VIEW" help:"Where that page leads; empty: APPLICATION_ROOT."`
	LogoutMethods  conf.Opt[[]string] `setting:"LOGOUT_METHODS" default:"POST" help:"HTTP methods that sign out; null: none."`
	LogoutCSRF     bool               `setting:"LOGOUT_CSRF" default:"false" help:"Check the CSRF token when signing out."`
	LoginTemplate  string             `setting:"LOGIN_USER_TEMPLATE" default:"security/login_user.html" help:"Template of the sign-in page."`
	LogoutTemplate string             `setting:"LOGOUT_USER_TEMPLATE" default:"security/logout_user.html" help:"Template shown when signing out fails its CSRF check."`
	VerifyTemplate string             `setting:"VERIFY_TEMPLATE" default:"security/verify.html" help:"Template of the page that asks for the password again."`

	// NoVerify leaves /verify out; batteries sets it when FRESHNESS is negative.
	NoVerify bool `setting:"-"`
	// NoSignIn leaves the sign-in page itself out, for a feature that takes its place.
	NoSignIn bool `setting:"-"`
	// Usernames, if set, adds a username field to the form.
	Usernames *usernames.Rules `setting:"-"`
	// Hasher checks passwords. It is required.
	Hasher Hasher `setting:"-"`
}

// Hasher is what the feature needs of a [password.Hasher].
type Hasher interface {
	// Verify compares plain with a stored hash; see [password.Hasher.Verify].
	Verify(ctx context.Context, plain, stored string) (password.Match, error)
	// Hash makes a new hash, for one that is outdated.
	Hash(ctx context.Context, plain string) (string, error)
	// Waste costs as much as Verify, for accounts that do not exist.
	Waste(ctx context.Context, plain string) error
}

// Feature is the password sign-in.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime

	passwords *passwords.Checker
}

var (
	_ doorward.Feature  = (*Feature)(nil)
	_ doorward.Verifier = (*Feature)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "login" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if err := rt.Need(f.cfg.Hasher != nil, "no password hasher", "set login.Config.Hasher to a *password.Hasher"); err != nil {
		return err
	}
	f.passwords = passwords.New(rt, f.cfg.Hasher)
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(f.routes()...)
}

func (f *Feature) routes() []doorward.Route {
	var out []doorward.Route
	if !f.cfg.NoSignIn {
		out = append(out, f.signIn().Route(doorward.Route{Name: "login", Path: f.cfg.URL, Caller: doorward.SignInCaller}))
	}
	if methods := f.cfg.LogoutMethods.Or(nil); len(methods) > 0 {
		out = append(out, f.signOut(methods))
	}
	if !f.cfg.NoVerify {
		out = append(out, f.verify().Route(doorward.Route{Name: "verify", Path: f.cfg.VerifyURL, Caller: doorward.UserCaller}))
	}
	return out
}

func (f *Feature) attribute(name string) (doorward.IdentityAttribute, bool) {
	all := f.rt.Identities()
	i := slices.IndexFunc(all, func(ia doorward.IdentityAttribute) bool { return ia.Attr == name })
	if i < 0 {
		return doorward.IdentityAttribute{}, false
	}
	return all[i], true
}
