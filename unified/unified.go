package unified

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/internal/passwords"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/signed"
)

// Config configures the feature; its zero value is the default, but for Codes and Hasher.
type Config struct {
	Methods       []string      `setting:"US_ENABLED_METHODS" default:"password,email,authenticator,sms" help:"Ways to sign in at one page: password, email, authenticator, sms, tried in this order. Email and sms need somebody to send them."`
	MFARequired   []string      `setting:"US_MFA_REQUIRED" default:"password,email" help:"Those after which a second factor is asked for."`
	TokenValidity time.Duration `setting:"US_TOKEN_VALIDITY,seconds" default:"2 minutes" help:"How long a code or link works that was sent, and how far the clock of an authenticator app may be from ours."`
	SetupWithin   time.Duration `setting:"US_SETUP_WITHIN" default:"30 minutes" help:"How long setting up a way to sign in may take."`
	ReplacesLogin bool          `setting:"US_SIGNIN_REPLACES_LOGIN" default:"false" help:"Answer at LOGIN_URL in place of the page for passwords."`

	SignInURL         string `setting:"US_SIGNIN_URL" default:"/us-signin" help:"Path of the sign-in page."`
	SendCodeURL       string `setting:"US_SIGNIN_SEND_CODE_URL" default:"/us-signin/send-code" help:"Path that sends a code to sign in with."`
	SetupURL          string `setting:"US_SETUP_URL" default:"/us-setup" help:"Path of the page that sets up ways to sign in."`
	PostSetup         string `setting:"US_POST_SETUP_VIEW" default:".us_setup" help:"Where setting up leads: a page's name or a URL."`
	VerifyURL         string `setting:"US_VERIFY_URL" default:"/us-verify" help:"Path of the page that asks for proof again."`
	VerifySendCodeURL string `setting:"US_VERIFY_SEND_CODE_URL" default:"/us-verify/send-code" help:"Path that sends a code for that."`
	VerifyLinkURL     string `setting:"US_VERIFY_LINK_URL" default:"/us-verify-link" help:"Path of links in mails that sign in."`

	SignInTemplate string `setting:"US_SIGNIN_TEMPLATE" default:"security/us_signin.html" help:"Template of the sign-in page."`
	SetupTemplate  string `setting:"US_SETUP_TEMPLATE" default:"security/us_setup.html" help:"Template of the page that sets up ways to sign in."`
	VerifyTemplate string `setting:"US_VERIFY_TEMPLATE" default:"security/us_verify.html" help:"Template of the page that asks for proof again."`
	LinkTemplate   string `setting:"US_VERIFY_LINK_TEMPLATE" default:"security/us_verify_link.html" help:"Template of the page that links in mails lead to."`
	EmailTemplate  string `setting:"US_EMAIL_TEMPLATE" default:"security/email/us_instructions" help:"Template of the mail with a code and a link."`
	EmailSubject   string `setting:"US_EMAIL_SUBJECT" help:"Subject of that mail, in place of the built-in one."`

	// PostVerify is where proving again leads; batteries sets it to POST_VERIFY_VIEW.
	PostVerify string `setting:"-"`
	// LoginURL is where ReplacesLogin answers; batteries sets it to LOGIN_URL.
	LoginURL string `setting:"-"`
	// NoVerify leaves /us-verify out; batteries sets it when FRESHNESS is negative.
	NoVerify bool `setting:"-"`
	// Hasher checks passwords. It is required if they are one of the methods.
	Hasher Hasher `setting:"-"`
	// Codes are the codes; those of all features are the same.
	Codes codes.Config `setting:"-"`
}

// Hasher is what the feature needs of a [password.Hasher].
type Hasher interface {
	// Verify compares plain with a stored hash; see [password.Hasher.Verify].
	Verify(ctx context.Context, plain, stored string) (password.Match, error)
	// Hash makes a new hash, for one that is outdated.
	Hash(ctx context.Context, plain string) (string, error)
	// Waste costs as much as Verify, for accounts without a password or none at all.
	Waste(ctx context.Context, plain string) error
}

// Feature is unified sign-in.
type Feature struct {
	cfg    Config
	rt     *doorward.Runtime
	codes  *codes.Codes
	hooks  Hooks
	states *signed.Signer

	// methods are those of US_ENABLED_METHODS that can be offered here.
	methods []string

	passwords *passwords.Checker
}

var _ doorward.Feature = (*Feature)(nil)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "unified" }

// Hooks returns the feature's events.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	none := f.cfg.Methods != nil && len(f.cfg.Methods) == 0
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if f.cfg.LoginURL == "" {
		f.cfg.LoginURL = "/login"
	}
	var err error
	if f.codes, err = codes.New(rt, f.cfg.Codes); f.codes == nil {
		return err
	}
	f.methods = f.codes.Offered(f.cfg.Methods)
	if err := errors.Join(err, f.needs(none)); err != nil {
		return err
	}
	f.advise()
	f.passwords = passwords.New(rt, f.cfg.Hasher)
	f.states = rt.Signer("setup")
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(f.routes()...)
}

func (f *Feature) routes() []doorward.Route {
	c := &f.cfg
	out := []doorward.Route{
		f.signIn().Route(doorward.Route{Name: "us_signin", Path: c.SignInURL, Caller: doorward.SignInCaller}),
		f.signInCode().Route(doorward.Route{Name: "us_signin_send_code", Path: c.SendCodeURL, Caller: doorward.AnonymousCaller, NoGet: true}),
		f.rt.Links().Page(doorward.Route{Name: "us_verify_link", Path: c.VerifyLinkURL, Caller: doorward.AnonymousCaller}, f.showLink, f.useLink),
		f.setup().Route(doorward.Route{Name: "us_setup", Path: c.SetupURL, Caller: doorward.FreshCaller}),
		f.validate().Route(doorward.Route{Name: "us_setup_validate", Path: c.SetupURL + "/{token}", Caller: doorward.UserCaller, NoGet: true}),
	}
	if c.ReplacesLogin {
		out = append(out, f.signIn().Route(doorward.Route{Name: "login", Path: c.LoginURL, Caller: doorward.SignInCaller}))
	}
	if !c.NoVerify {
		out = append(out,
			f.verify().Route(doorward.Route{Name: "us_verify", Path: c.VerifyURL, Caller: doorward.UserCaller}),
			f.verifyCode().Route(doorward.Route{Name: "us_verify_send_code", Path: c.VerifySendCodeURL, Caller: doorward.UserCaller, NoGet: true}))
	}
	return out
}
