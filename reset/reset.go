package reset

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/password"
)

// Config configures the feature; its zero value is the default, but for Hasher
// and Policy.
type Config struct {
	URL            string        `setting:"RESET_URL" default:"/reset" help:"Path of the page that sends a link to reset a password, and of the links below it."`
	Within         time.Duration `setting:"RESET_PASSWORD_WITHIN" default:"1 day" help:"How long such a link works."`
	AutoLogin      bool          `setting:"AUTO_LOGIN_AFTER_RESET" default:"false" help:"Sign in whoever has reset his password, second factor included."`
	NoEmail        bool          `setting:"SEND_PASSWORD_RESET_EMAIL,invert" default:"true" help:"Send the mail with the link. Without it, the application sends the token of the event."`
	NoNotice       bool          `setting:"SEND_PASSWORD_RESET_NOTICE_EMAIL,invert" default:"true" help:"Send a mail when a password was reset."`
	PostReset      string        `setting:"POST_RESET_VIEW" help:"Where a reset leads; empty: POST_LOGIN_VIEW if it signed in, else the sign-in page."`
	View           string        `setting:"RESET_VIEW" help:"Where a link leads a single-page application, with ?token=."`
	ErrorView      string        `setting:"RESET_ERROR_VIEW" help:"Where a link leads a single-page application that does not work."`
	Template       string        `setting:"FORGOT_PASSWORD_TEMPLATE" default:"security/forgot_password.html" help:"Template of the page that sends a link."`
	ResetTemplate  string        `setting:"RESET_PASSWORD_TEMPLATE" default:"security/reset_password.html" help:"Template of the page for the new password."`
	EmailTemplate  string        `setting:"EMAIL_TEMPLATE_PASSWORD_RESET" default:"security/email/reset_instructions" help:"Template of the mail with the link."`
	NoticeTemplate string        `setting:"EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE" default:"security/email/reset_notice" help:"Template of the mail that a password was reset."`
	Subject        string        `setting:"EMAIL_SUBJECT_PASSWORD_RESET" help:"Subject of the mail with the link, in place of the built-in one."`
	NoticeSubject  string        `setting:"EMAIL_SUBJECT_PASSWORD_NOTICE" help:"Subject of the mail that a password was reset."`

	// PasswordLength is the least number of characters, for the hint in the form.
	PasswordLength int `setting:"-"`
	// Hasher hashes passwords and Policy judges them. Both are required.
	Hasher Hasher `setting:"-"`
	Policy Policy `setting:"-"`
	// Email returns the normal form of an address that can receive mail, or an
	// error that wraps [address.ErrInvalid] or [address.ErrUndeliverable].
	// Default: any well-formed address.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Hasher is what the feature needs of a [password.Hasher].
type Hasher interface {
	Hash(ctx context.Context, plain string) (string, error)
}

// Policy is what the feature needs of a [password.Policy].
type Policy interface {
	Check(ctx context.Context, plain string, words []string) []password.Violation
}

// Feature lets users reset a password that they forgot.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	hooks Hooks
	links *doorward.LinkMaker
}

var (
	_ doorward.Feature = (*Feature)(nil)
	_ Hasher           = (*password.Hasher)(nil)
	_ Policy           = (*password.Policy)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "reset" }

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
	f.links = rt.Links().Kind(doorward.LinkKind{Name: "reset", Path: f.cfg.URL, Within: f.cfg.Within, Bound: bound})
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(
		f.requestForm().Route(doorward.Route{Name: "forgot_password", Path: f.cfg.URL}),
		f.resetForm().Route(doorward.Route{Name: "reset_password", Path: f.cfg.URL + "/{token}"}),
	)
}

// longest is what RESET_PASSWORD_WITHIN must stay within, far from where sums
// overflow.
const longest = 10 * 365 * 24 * time.Hour

// needs returns everything that the feature cannot run with.
func (f *Feature) needs() error {
	c, rt := &f.cfg, f.rt
	errs := []error{
		rt.Need(c.Hasher != nil, "no password hasher", "set Hasher to a password.Hasher"),
		rt.Need(c.Policy != nil, "no password policy", "set Policy to a password.Policy"),
		rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as the use of a link", "set Config.Stores.Claims"),
		rt.Need(time.Second <= c.Within && c.Within <= longest, fmt.Sprintf("RESET_PASSWORD_WITHIN is %v", c.Within),
			"one second to ten years, better no more than a day; leave it out for the default"),
	}
	if !c.NoEmail || !c.NoNotice {
		errs = append(errs, rt.Mail().Need(f.Name()))
	}
	if rt.Links().SPA() {
		errs = append(errs,
			rt.Need(c.View != "", "REDIRECT_BEHAVIOR is spa, and links have nowhere to lead", "set RESET_VIEW to the view that asks for the new password"),
			rt.Need(c.ErrorView != "", "REDIRECT_BEHAVIOR is spa, and links that do not work have nowhere to lead", "set RESET_ERROR_VIEW"))
	}
	return errors.Join(errs...)
}
