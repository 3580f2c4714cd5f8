package changeemail

import (
	"context"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	URL            string        `setting:"CHANGE_EMAIL_URL" default:"/change-email" help:"Path of the page that changes the address, and of the links below it."`
	Within         time.Duration `setting:"CHANGE_EMAIL_WITHIN" default:"2 hours" help:"How long the link to the new address works."`
	PostChange     string        `setting:"POST_CHANGE_EMAIL_VIEW" help:"Where a link leads when it has worked; empty: POST_LOGIN_VIEW."`
	ErrorView      string        `setting:"CHANGE_EMAIL_ERROR_VIEW" help:"Where a link leads that does not work; empty: CHANGE_EMAIL_URL."`
	NoNotice       bool          `setting:"SEND_CHANGE_EMAIL_NOTICE,invert" default:"true" help:"Tell the old address that a change was asked for, and when it is done."`
	Template       string        `setting:"CHANGE_EMAIL_TEMPLATE" default:"security/change_email.html" help:"Template of that page."`
	LinkTemplate   string        `setting:"CHANGE_EMAIL_CONFIRM_TEMPLATE" default:"security/change_email_confirm.html" help:"Template of the page that the link leads to."`
	EmailTemplate  string        `setting:"CHANGE_EMAIL_EMAIL_TEMPLATE" default:"security/email/change_email_instructions" help:"Template of the mail with the link."`
	NoticeTemplate string        `setting:"CHANGE_EMAIL_NOTICE_TEMPLATE" default:"security/email/change_email_notice" help:"Template of the mail to the old address."`
	Subject        string        `setting:"CHANGE_EMAIL_SUBJECT" help:"Subject of the mail with the link, in place of the built-in one."`
	NoticeSubject  string        `setting:"CHANGE_EMAIL_NOTICE_SUBJECT" help:"Subject of the mail to the old address."`

	// Email normalises an address and checks it; default: its syntax only.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
}

// Feature is the changeemail feature.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "changeemail" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return conf.Defaults(&f.cfg)
}
