package confirm

import (
	"context"
	"time"

	"github.com/doorward/doorward"
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

	// Email normalises an address and checks it; default: its syntax only.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Feature is the confirm feature.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "confirm" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return conf.Defaults(&f.cfg)
}
