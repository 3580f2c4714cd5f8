package confirm

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/conf"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	URL    string        `setting:"CONFIRM_URL" default:"/confirm" help:"Path of the page that sends a link to confirm an address, and of the links below it."`
	Within time.Duration `setting:"CONFIRM_EMAIL_WITHIN" default:"2 days" help:"How long such a link works."`
	// Lax lets users sign in before they have confirmed their address.
	Lax           bool   `setting:"LOGIN_WITHOUT_CONFIRMATION" default:"false" help:"Let users sign in before they have confirmed their address."`
	AutoLogin     bool   `setting:"AUTO_LOGIN_AFTER_CONFIRM" default:"false" help:"Sign in whoever uses such a link."`
	PostConfirm   string `setting:"POST_CONFIRM_VIEW" help:"Where a link leads when it has worked; empty: POST_LOGIN_VIEW if it signed in, else the sign-in page."`
	ErrorView     string `setting:"CONFIRM_ERROR_VIEW" help:"Where a link leads that does not work; empty: CONFIRM_URL."`
	RequiredView  string `setting:"REQUIRES_CONFIRMATION_ERROR_VIEW" help:"Where a browser is sent whose account is not confirmed; empty: the message stands in the form."`
	Template      string `setting:"SEND_CONFIRMATION_TEMPLATE" default:"security/send_confirmation.html" help:"Template of the page that sends a link."`
	LinkTemplate  string `setting:"CONFIRM_EMAIL_TEMPLATE" default:"security/confirm_email.html" help:"Template of the page that a link leads to."`
	EmailTemplate string `setting:"EMAIL_TEMPLATE_CONFIRM" default:"security/email/confirmation_instructions" help:"Template of the mail with the link."`
	Subject       string `setting:"EMAIL_SUBJECT_CONFIRM" help:"Subject of that mail, in place of the built-in one."`

	// Email returns the normal form of an address that can receive mail, or an
	// error that wraps [address.ErrInvalid] or [address.ErrUndeliverable].
	// Default: any well-formed address.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Feature confirms addresses.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	hooks Hooks
	links *doorward.LinkMaker
}

var (
	_ doorward.Feature = (*Feature)(nil)
	_ doorward.Gate    = (*Feature)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "confirm" }

// Hooks returns the events of this feature.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if err := f.needs(); err != nil {
		return err
	}
	if f.cfg.Email == nil {
		f.cfg.Email = func(_ context.Context, typed string) (string, error) { return address.Normalize(typed) }
	}
	// Bound to the address: a link says nothing about the next one.
	f.links = rt.Links().Kind(doorward.LinkKind{Name: "confirm", Path: f.cfg.URL, Within: f.cfg.Within,
		Bound: func(acc *doorward.Account) string { return acc.Email }})
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(
		f.form().Route(doorward.Route{Name: "send_confirmation", Path: f.cfg.URL}),
		rt.Links().Page(doorward.Route{Name: "confirm_email", Path: f.cfg.URL + "/{token}"}, f.linkPage, f.useLink),
	)
}

// needs reports everything that the feature cannot run without.
func (f *Feature) needs() error {
	rt, spa := f.rt, f.rt.Links().SPA()
	return errors.Join(
		rt.Mail().Need(f.Name()),
		rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as the use of a link", "set Config.Stores.Claims"),
		rt.Need(f.cfg.Within >= time.Second, "CONFIRM_EMAIL_WITHIN is "+f.cfg.Within.String(), "one second at least; leave it out for the default"),
		rt.Need(!spa || f.cfg.PostConfirm != "", "REDIRECT_BEHAVIOR is spa, and links would not know where to lead", "set POST_CONFIRM_VIEW"),
		rt.Need(!spa || f.cfg.ErrorView != "", "REDIRECT_BEHAVIOR is spa, and links that do not work would not know where to lead", "set CONFIRM_ERROR_VIEW"),
	)
}
