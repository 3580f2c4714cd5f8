package twofactor

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/signed"
)

// Config configures the feature; its zero value is the default, but for Codes.
type Config struct {
	Required      bool     `setting:"TWO_FACTOR_REQUIRED" default:"false" help:"Ask everybody for a second factor; who has none sets one up at the next sign-in."`
	RequiredRoles []string `setting:"TWO_FACTOR_REQUIRED_ROLES" help:"Ask users with one of these roles for a second factor, as TWO_FACTOR_REQUIRED does for everybody."`
	Methods       []string `setting:"TWO_FACTOR_ENABLED_METHODS" default:"email,authenticator,sms" help:"Second factors to choose from: email, authenticator, sms. Email and sms need somebody to send them."`

	AuthenticatorValidity time.Duration `setting:"TWO_FACTOR_AUTHENTICATOR_VALIDITY,seconds" default:"2 minutes" help:"How far the clock of an authenticator app may be from ours, either way."`
	MailValidity          time.Duration `setting:"TWO_FACTOR_MAIL_VALIDITY,seconds" default:"5 minutes" help:"How long a code works that was sent by mail."`
	SMSValidity           time.Duration `setting:"TWO_FACTOR_SMS_VALIDITY,seconds" default:"2 minutes" help:"How long a code works that was sent by text message."`
	SetupWithin           time.Duration `setting:"TWO_FACTOR_SETUP_WITHIN" default:"30 minutes" help:"How long setting up a second factor may take."`

	SetupURL    string `setting:"TWO_FACTOR_SETUP_URL" default:"/tf-setup" help:"Path of the page that sets up a second factor."`
	ValidateURL string `setting:"TWO_FACTOR_TOKEN_VALIDATION_URL" default:"/tf-validate" help:"Path of the page that asks for the code."`
	RescueURL   string `setting:"TWO_FACTOR_RESCUE_URL" default:"/tf-rescue" help:"Path for who cannot give the second factor."`
	PostSetup   string `setting:"TWO_FACTOR_POST_SETUP_VIEW" default:".two_factor_setup" help:"Where setting up leads: a page's name or a URL."`

	NoRescueEmail bool   `setting:"TWO_FACTOR_RESCUE_EMAIL,invert" default:"true" help:"Send a code by mail to who cannot give the second factor."`
	RescueMail    string `setting:"TWO_FACTOR_RESCUE_MAIL" default:"no-reply@localhost" help:"Address of the help desk, which is told of who asks for help."`

	SetupTemplate       string `setting:"TWO_FACTOR_SETUP_TEMPLATE" default:"security/two_factor_setup.html" help:"Template of the page that sets up a second factor."`
	VerifyTemplate      string `setting:"TWO_FACTOR_VERIFY_CODE_TEMPLATE" default:"security/two_factor_verify_code.html" help:"Template of the page that asks for the code."`
	EmailTemplate       string `setting:"TWO_FACTOR_EMAIL_TEMPLATE" default:"security/email/two_factor_instructions" help:"Template of the mail with a code."`
	RescueEmailTemplate string `setting:"TWO_FACTOR_RESCUE_EMAIL_TEMPLATE" default:"security/email/two_factor_rescue" help:"Template of the mail to the help desk."`
	EmailSubject        string `setting:"EMAIL_SUBJECT_TWO_FACTOR" help:"Subject of the mail with a code, in place of the built-in one."`
	RescueSubject       string `setting:"EMAIL_SUBJECT_TWO_FACTOR_RESCUE" help:"Subject of the mail to the help desk, in place of the built-in one."`

	// Decide has the last word on whether a sign-in needs a second factor: must is
	// what the settings say, and what the user has set up. It is asked on the page
	// that sets one up, too, whether the user has to have one: the attempt has only
	// a User then. nil: they decide.
	Decide func(ctx context.Context, a *doorward.Attempt, must bool) (bool, error) `setting:"-"`
	// Codes are the codes; those of all features are the same.
	Codes codes.Config `setting:"-"`
}

// Feature is the second factor by codes.
type Feature struct {
	cfg    Config
	rt     *doorward.Runtime
	codes  *codes.Codes
	setups *signed.Signer
	hooks  Hooks
}

var (
	_ doorward.Feature      = (*Feature)(nil)
	_ doorward.SecondFactor = (*Feature)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "twofactor" }

// Hooks returns the feature's events.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := errors.Join(conf.Defaults(&f.cfg), conf.Defaults(&f.cfg.Codes)); err != nil {
		return err
	}
	var err error
	if f.codes, err = codes.New(rt, f.cfg.Codes); f.codes == nil {
		return err
	}
	if err := errors.Join(err, f.needs()); err != nil {
		return err
	}
	if rt.Mail().On() && f.cfg.RescueMail == "no-reply@localhost" {
		rt.Logger().Info("nobody reads the requests for help of users who cannot give their second factor: name the help desk", "setting", "SECURITY_TWO_FACTOR_RESCUE_MAIL")
	}
	f.setups = rt.Signer("setup")
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	c := &f.cfg
	return rt.Handle(
		f.setupForm().Route(doorward.Route{Name: "two_factor_setup", Path: c.SetupURL}),
		f.confirmForm().Route(doorward.Route{Name: "two_factor_setup_validate", Path: c.SetupURL + "/{token}", Caller: doorward.UserCaller, NoGet: true}),
		f.validateForm().Route(doorward.Route{Name: "two_factor_token_validation", Path: c.ValidateURL}),
		f.rescueForm().Route(doorward.Route{Name: "two_factor_rescue", Path: c.RescueURL}),
	)
}

// needs returns everything that the feature cannot run with.
func (f *Feature) needs() error {
	c, rt := &f.cfg, f.rt
	var errs []error
	for _, m := range c.Methods {
		known := m == codes.Email || m == codes.SMS || m == codes.Authenticator
		errs = append(errs, rt.Need(known, fmt.Sprintf("TWO_FACTOR_ENABLED_METHODS: %q is not understood", m), "email, authenticator, sms"))
	}
	for name, d := range map[string]time.Duration{"AUTHENTICATOR_VALIDITY": c.AuthenticatorValidity, "MAIL_VALIDITY": c.MailValidity, "SMS_VALIDITY": c.SMSValidity} {
		errs = append(errs, rt.Need(0 < d && d <= time.Hour, fmt.Sprintf("TWO_FACTOR_%s is %v", name, d), "up to an hour; leave it out for the default"))
	}
	return errors.Join(append(errs,
		rt.Need(len(f.codes.Offered(c.Methods)) > 0, "none of TWO_FACTOR_ENABLED_METHODS can be offered", "add authenticator, or set what sends mails or text messages"),
		rt.Need(c.SetupWithin > 0, "TWO_FACTOR_SETUP_WITHIN is not positive", "leave it out for the default"),
		rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as the use of a setup", "set Config.Stores.Claims"),
		rt.Need(len(c.RequiredRoles) == 0 || rt.Stores().Roles != nil, "TWO_FACTOR_REQUIRED_ROLES without a role store", "set Config.Stores.Roles"),
	)...)
}
