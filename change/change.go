package change

import (
	"context"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/password"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	URL           string `setting:"CHANGE_URL" default:"/change" help:"Path of the page that changes the password."`
	PostChange    string `setting:"POST_CHANGE_VIEW" help:"Where it leads; empty: POST_LOGIN_VIEW."`
	NoEmail       bool   `setting:"SEND_PASSWORD_CHANGE_EMAIL,invert" default:"true" help:"Send a mail when a password was changed."`
	Template      string `setting:"CHANGE_PASSWORD_TEMPLATE" default:"security/change_password.html" help:"Template of that page."`
	EmailTemplate string `setting:"EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE" default:"security/email/change_notice" help:"Template of the mail that a password was changed."`
	Subject       string `setting:"EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE" help:"Subject of that mail, in place of the built-in one."`

	// PasswordLength is the least number of characters, for the hint in the form.
	PasswordLength int    `setting:"-"`
	Hasher         Hasher `setting:"-"`
	Policy         Policy `setting:"-"`
}

// Hasher is what the feature needs of a [password.Hasher].
type Hasher interface {
	Hash(ctx context.Context, plain string) (string, error)
	Verify(ctx context.Context, plain, stored string) (password.Match, error)
}

// Policy is what the feature needs of a [password.Policy].
type Policy interface {
	Check(ctx context.Context, plain string, words []string) []password.Violation
}

// Feature is the change feature.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "change" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return conf.Defaults(&f.cfg)
}
