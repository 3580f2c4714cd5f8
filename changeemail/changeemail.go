package changeemail

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
	URL            string        `setting:"CHANGE_EMAIL_URL" default:"/change-email" help:"Path of the page that changes the address, and of the links below it."`
	Within         time.Duration `setting:"CHANGE_EMAIL_WITHIN" default:"2 hours" help:"How long the link to the new address works."`
	PostChange     string        `setting:"POST_CHANGE_EMAIL_VIEW" help:"Where a link leads when it has worked; empty: POST_LOGIN_VIEW."`
	ErrorView      string        `setting:"CHANGE_EMAIL_ERROR_VIEW" help:"Where a link leads that does not work; empty: CHANGE_EMAIL_URL."`
	NoNotice       bool          `setting:"SEND_CHANGE_EMAIL_NOTICE,invert" default:"true" help:"Tell the old address when it was replaced."`
	Template       string        `setting:"CHANGE_EMAIL_TEMPLATE" default:"security/change_email.html" help:"Template of that page."`
	LinkTemplate   string        `setting:"CHANGE_EMAIL_CONFIRM_TEMPLATE" default:"security/change_email_confirm.html" help:"Template of the page that the link leads to."`
	EmailTemplate  string        `setting:"CHANGE_EMAIL_EMAIL_TEMPLATE" default:"security/email/change_email_instructions" help:"Template of the mail with the link."`
	NoticeTemplate string        `setting:"CHANGE_EMAIL_NOTICE_TEMPLATE" default:"security/email/change_email_notice" help:"Template of the mail to the old address."`
	Subject        string        `setting:"CHANGE_EMAIL_SUBJECT" help:"Subject of the mail with the link, in place of the built-in one."`
	NoticeSubject  string        `setting:"CHANGE_EMAIL_NOTICE_SUBJECT" help:"Subject of the mail to the old address, in place of the built-in one."`

	// Email returns the normal form of an address that can receive mail, or an
	// error that wraps [address.ErrInvalid] or [address.ErrUndeliverable].
	// Default: any well-formed address.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Feature lets users change their email address.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	hooks Hooks
	links *doorward.LinkMaker
}

var _ doorward.Feature = (*Feature)(nil)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "changeemail" }

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
	// Bound to the old address: of several links one works.
	f.links = rt.Links().Kind(doorward.LinkKind{Name: "change", Path: f.cfg.URL, Within: f.cfg.Within,
		Bound: func(acc *doorward.Account) string { return acc.Email }})
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(
		f.form().Route(doorward.Route{Name: "change_email", Path: f.cfg.URL, Caller: doorward.FreshCaller}),
		rt.Links().Page(doorward.Route{Name: "change_email_confirm", Path: f.cfg.URL + "/{token}"}, f.linkPage, f.useLink),
	)
}

// longest is what CHANGE_EMAIL_WITHIN must stay within, far from where sums
// overflow.
const longest = 10 * 365 * 24 * time.Hour

// needs returns everything that the feature cannot run with.
func (f *Feature) needs() error {
	c, rt, spa := &f.cfg, f.rt, f.rt.Links().SPA()
	return errors.Join(
		rt.Mail().Need(f.Name()),
		rt.Need(time.Second <= c.Within && c.Within <= longest, "CHANGE_EMAIL_WITHIN is "+c.Within.String(), "one second to ten years; leave it out for the default"),
		rt.Need(!spa || c.PostChange != "", "REDIRECT_BEHAVIOR is spa, and links would not know where to lead", "set POST_CHANGE_EMAIL_VIEW"),
		rt.Need(!spa || c.ErrorView != "", "REDIRECT_BEHAVIOR is spa, and links that do not work would not know where to lead", "set CHANGE_EMAIL_ERROR_VIEW"),
	)
}
