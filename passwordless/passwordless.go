package passwordless

import (
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	Within        time.Duration `setting:"LOGIN_WITHIN" default:"1 day" help:"How long a link that signs in works."`
	ErrorView     string        `setting:"LOGIN_ERROR_VIEW" help:"Where a link leads a single-page application that does not work."`
	Template      string        `setting:"SEND_LOGIN_TEMPLATE" default:"security/send_login.html" help:"Template of the page that sends a link."`
	LinkTemplate  string        `setting:"TOKEN_LOGIN_TEMPLATE" default:"security/token_login.html" help:"Template of the page that a link leads to."`
	EmailTemplate string        `setting:"EMAIL_TEMPLATE_PASSWORDLESS" default:"security/email/login_instructions" help:"Template of the mail with the link."`
	Subject       string        `setting:"EMAIL_SUBJECT_PASSWORDLESS" help:"Subject of that mail, in place of the built-in one."`

	// URL is the path of the page, which takes the place of the sign-in page.
	URL string `setting:"-"`
}

// Feature is the passwordless feature.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "passwordless" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return conf.Defaults(&f.cfg)
}
