package username

import (
	"context"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/usernames"
)

// Config configures the feature; a nil part of it is off.
type Config struct {
	Change   *Change   `setting:"CHANGE_USERNAME,feature" default:"false" help:"Let users change their username."`
	Recovery *Recovery `setting:"USERNAME_RECOVERY,feature" default:"false" help:"Send users their username by mail."`

	// Required refuses an empty username.
	Required bool `setting:"-"`
	// Rules say what a username is.
	Rules *usernames.Rules `setting:"-"`
	// Email normalises an address and checks it; default: its syntax only.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Change is about changing the username. Its zero value is the default.
type Change struct {
	URL           string `setting:"CHANGE_USERNAME_URL" default:"/change-username" help:"Path of the page that changes the username."`
	PostChange    string `setting:"POST_CHANGE_USERNAME_VIEW" help:"Where changing leads; empty: POST_LOGIN_VIEW."`
	NoEmail       bool   `setting:"SEND_USERNAME_CHANGE_EMAIL,invert" default:"true" help:"Send a mail when a username was changed."`
	Template      string `setting:"CHANGE_USERNAME_TEMPLATE" default:"security/change_username.html" help:"Template of the page that changes the username."`
	EmailTemplate string `setting:"CHANGE_USERNAME_EMAIL_TEMPLATE" default:"security/email/change_username_notice" help:"Template of the mail that a username was changed."`
	Subject       string `setting:"EMAIL_SUBJECT_USERNAME_CHANGE_NOTICE" help:"Subject of that mail, in place of the built-in one."`
}

// Recovery is about sending the username. Its zero value is the default.
type Recovery struct {
	URL           string `setting:"USERNAME_RECOVERY_URL" default:"/recover-username" help:"Path of the page that sends the username."`
	Template      string `setting:"USERNAME_RECOVERY_TEMPLATE" default:"security/recover_username.html" help:"Template of the page that sends the username."`
	EmailTemplate string `setting:"USERNAME_RECOVERY_EMAIL_TEMPLATE" default:"security/email/username_recovery" help:"Template of the mail with the username."`
	Subject       string `setting:"EMAIL_SUBJECT_USERNAME_RECOVERY" help:"Subject of that mail, in place of the built-in one."`
}

// Feature is the username feature.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "username" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return conf.Defaults(&f.cfg)
}
