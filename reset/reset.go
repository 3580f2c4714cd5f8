package reset

import (
	"context"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/password"
)

// Config configures the feature; its zero value is the default.
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
	PasswordLength int    `setting:"-"`
	Hasher         Hasher `setting:"-"`
	Policy         Policy `setting:"-"`
	// Email normalises an address and checks it; default: its syntax only.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Hasher is what the feature needs of a [password.Hasher].
type Hasher interface {
	Hash(ctx context.Context, plain string) (string, error)
	Waste(ctx context.Context, plain string) error
}

// Policy is what the feature needs of a [password.Policy].
type Policy interface {
	Check(ctx context.Context, plain string, words []string) []password.Violation
}

// Feature is the reset feature.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "reset" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return conf.Defaults(&f.cfg)
}
