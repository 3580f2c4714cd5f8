package passwordless

import (
	"embed"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	Within        time.Duration `setting:"LOGIN_WITHIN" default:"1 day" help:"How long a link that signs in works."`
	Template      string        `setting:"SEND_LOGIN_TEMPLATE" default:"security/send_login.html" help:"Template of the page that sends a link."`
	LinkTemplate  string        `setting:"TOKEN_LOGIN_TEMPLATE" default:"security/token_login.html" help:"Template of the page that a link leads to."`
	EmailTemplate string        `setting:"EMAIL_TEMPLATE_PASSWORDLESS" default:"security/email/login_instructions" help:"Template of the mail with the link."`
	Subject       string        `setting:"EMAIL_SUBJECT_PASSWORDLESS" help:"Subject of that mail, in place of the built-in one."`

	// URL is the path of the page, which takes the place of the sign-in page;
	// default: "/login".
	URL string `setting:"-"`
}

// Feature is the sign-in by links in mails.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	links *doorward.LinkMaker
	hooks Hooks
}

var _ doorward.Feature = (*Feature)(nil)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "passwordless" }

// Hooks returns the events of this feature.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if f.cfg.URL == "" {
		f.cfg.URL = "/login"
	}
	if err := f.needs(); err != nil {
		return err
	}
	f.links = rt.Links().Kind(doorward.LinkKind{Name: "login", Path: f.cfg.URL, Within: f.cfg.Within, Bound: boundTo})
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(
		f.request().Route(doorward.Route{Name: "login", Path: f.cfg.URL, Caller: doorward.SignInCaller}),
		rt.Links().Page(doorward.Route{Name: "token_login", Path: f.cfg.URL + "/{token}", Caller: doorward.AnonymousCaller}, f.showLink, f.useLink),
	)
}

// needs reports the first thing that the feature cannot run with.
func (f *Feature) needs() error {
	rt := f.rt
	if err := rt.Mail().Need(f.Name()); err != nil {
		return err
	}
	if err := rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as the use of a link", "set Config.Stores.Claims"); err != nil {
		return err
	}
	if err := rt.Need(f.cfg.Within > 0, "LOGIN_WITHIN is not positive", "leave it out for the default"); err != nil {
		return err
	}
	return rt.Need(!rt.Links().SPA() || rt.Links().LoginError() != "", "LOGIN_ERROR_VIEW is not set, and REDIRECT_BEHAVIOR is spa", "set it to the view that shows what went wrong")
}

// boundTo is what a link dies with: the mailbox that it was sent to, and the
// password.
func boundTo(acc *doorward.Account) string { return acc.Email + "\x00" + acc.PasswordHash }
