// Package batteries puts every feature behind one Config whose settings carry
// Flask-Security's SECURITY_* names. It is the short way in; an application
// that wants only some features gives them to [doorward.New] itself, and then
// does not link the others.
package batteries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/change"
	"github.com/doorward/doorward/changeemail"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/confirm"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/i18n"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/login"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/passwordless"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/reset"
	"github.com/doorward/doorward/sessions"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/twofactor"
	"github.com/doorward/doorward/unified"
	"github.com/doorward/doorward/username"
	"github.com/doorward/doorward/usernames"
)

// Config is every feature's configuration. A nil feature is off. Stores and
// SecretKey must be given.
type Config struct {
	doorward.Config
	Password  password.Config
	Address   address.Options
	Usernames UsernameConfig
	// Identities name the attributes users may sign in with, in order, of those
	// in Mappers.
	Identities []string `setting:"USER_IDENTITY_ATTRIBUTES" default:"email" help:"Attributes users may sign in with, in order."`
	// Mappers give the normal form of further attributes, which are columns of
	// the application's own. email and username are known.
	Mappers map[string]doorward.IdentityAttribute `setting:"-"`

	Login login.Config
	// Lockout limits guessing.
	Lockout lockout.Config
	// UnlimitedGuessing takes the limits away.
	UnlimitedGuessing bool `setting:"INSECURE_UNLIMITED_GUESSING" default:"false" help:"Take the limits on guessing away: anybody may try as many passwords as he can send."`

	Register *register.Config `setting:"REGISTERABLE,feature" default:"false" help:"Let visitors make an account."`
	Confirm  *confirm.Config  `setting:"CONFIRMABLE,feature" default:"false" help:"Let users sign in when they have confirmed their address."`
	Reset    *reset.Config    `setting:"RECOVERABLE,feature" default:"false" help:"Let users reset a password that they forgot."`
	Change   *change.Config   `setting:"CHANGEABLE,feature" default:"false" help:"Let users change their password."`
	// ChangeEmail lets users change their address; Username their username.
	ChangeEmail *changeemail.Config `setting:"CHANGE_EMAIL,feature" default:"false" help:"Let users change their email address."`
	Username    username.Config
	// Passwordless takes the place of signing in with a password.
	Passwordless *passwordless.Config `setting:"PASSWORDLESS,feature" default:"false" help:"Sign in by links in mails, in place of passwords."`
	// TwoFactor asks for a code after the password; RecoveryCodes take its place
	// for who cannot give it; Unified signs in with any of several credentials.
	TwoFactor     *twofactor.Config     `setting:"TWO_FACTOR,feature" default:"false" help:"Let users ask for a code after their password."`
	RecoveryCodes *recoverycodes.Config `setting:"MULTI_FACTOR_RECOVERY_CODES,feature" default:"false" help:"Let users have recovery codes, for when they cannot give their second factor."`
	Unified       *unified.Config       `setting:"UNIFIED_SIGNIN,feature" default:"false" help:"Sign in at one page with a password, a code, a link or an authenticator app."`
	// Codes are the one-time codes of all features.
	Codes codes.Config
	// SMS says how text messages are sent, if Codes.SMS is not set.
	SMS SMSConfig

	// Flask says that a Flask-Security application uses the same users, cookies
	// and links (package flaskcompat). Formats that are set elsewhere stay.
	Flask *flaskcompat.Config `setting:"FLASK_COMPAT,feature" default:"false" help:"Share cookies, tokens, links and users with a Flask-Security application that has the same SECRET_KEY."`

	Sessions *sessions.Config `setting:"SESSIONS_PAGE,feature" default:"false" help:"Let users see where they are signed in, and sign out there."`

	// More are further features, the application's own. They come after the others.
	More []doorward.Feature `setting:"-"`

	// MailQueue is put before Mail.Sender, unless that is a [mail.Queue] or has a
	// method Queued of its own, so that no visitor waits for a mail server.
	MailQueue mail.QueueConfig

	// Hasher takes the place of the one made from Password.
	Hasher Hasher `setting:"-"`
	// Breaches is asked about leaked passwords in place of the public service.
	Breaches password.Breaches `setting:"-"`
	// Resolver is asked whether a domain receives mail, in place of the system's.
	Resolver address.Resolver `setting:"-"`
}

// UsernameConfig is about usernames beside email addresses.
type UsernameConfig struct {
	Enable   bool `setting:"USERNAME_ENABLE" default:"false" help:"Let users have a username and sign in with it."`
	Required bool `setting:"USERNAME_REQUIRED" default:"false" help:"Make it mandatory at registration."`
	usernames.Rules
}

// Hasher is everything features need of a [password.Hasher].
type Hasher interface {
	Hash(ctx context.Context, plain string) (string, error)
	Verify(ctx context.Context, plain, stored string) (password.Match, error)
	Waste(ctx context.Context, plain string) error
}

// App is a Security with its features, whose own events are their fields; a
// feature that is off is nil.
type App struct {
	*doorward.Security
	Login    *login.Feature
	Lockout  *lockout.Feature
	Register *register.Feature
	Sessions *sessions.Feature

	Confirm      *confirm.Feature
	Reset        *reset.Feature
	Change       *change.Feature
	ChangeEmail  *changeemail.Feature
	Username     *username.Feature
	Passwordless *passwordless.Feature

	TwoFactor     *twofactor.Feature
	RecoveryCodes *recoverycodes.Feature
	Unified       *unified.Feature

	// Hasher and Policy are what the features use.
	Hasher Hasher
	Policy *password.Policy

	mails  *mail.Queue
	server mail.Sender // that the queue is before
	texts  *sms.Queue
}

// Load fills cfg from SECURITY_* and the other setting names, SECURITY_MSG_*
// included, and reports everything that is wrong with them at once.
func Load(cfg *Config, vars map[string]any) error {
	loader := conf.Loader{Known: Foreign()}
	if err := errors.Join(loader.Load(cfg, vars), LoadMessages(cfg, vars)); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}

// New returns an App with the features that cfg turns on, in the order in
// which their gates must apply.
func New(cfg Config) (*App, error) {
	cfg.flaskDefaults()
	if err := conf.Defaults(&cfg); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	app := &App{Hasher: cfg.Hasher}
	err := cfg.shareWithFlask()
	errs := []error{err}
	app.Policy, err = password.NewPolicy(cfg.Password, cfg.Breaches)
	if err == nil && app.Hasher == nil { // else it would find the same again
		cfg.observeHashing()
		app.Hasher, err = password.New(cfg.Password)
	}
	errs = append(errs, err)
	if len(cfg.IdentityAttributes) == 0 {
		if cfg.IdentityAttributes, err = cfg.identities(); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	app.queueMails(&cfg)
	wrong := app.textMessages(&cfg)
	if cfg.Languages.Translator == nil {
		if cfg.Languages.Translator, err = i18n.Builtin(); err != nil {
			return nil, errors.Join(err, app.closeMails(context.Background()))
		}
	}
	features := append(app.features(&cfg), cfg.More...)
	if app.Security, err = doorward.New(cfg.Config, features...); err != nil {
		return nil, errors.Join(wrong, err, app.closeMails(context.Background()))
	}
	if wrong != nil { // told with all else that is wrong, or alone
		return nil, errors.Join(wrong, app.Close(context.Background()))
	}
	app.warnOfFlask(&cfg)
	if cfg.UnlimitedGuessing {
		app.logger(&cfg).Warn("passwords can be guessed without limit", "setting", "SECURITY_INSECURE_UNLIMITED_GUESSING")
	}
	return app, nil
}

// Close sends and writes what is waiting, until ctx is done.
func (a *App) Close(ctx context.Context) error {
	return errors.Join(a.closeMails(ctx), a.Security.Close(ctx))
}

func (a *App) closeMails(ctx context.Context) error {
	var err error
	if a.texts != nil {
		err = a.texts.Close(ctx)
	}
	if a.mails == nil {
		return err
	}
	err = errors.Join(err, a.mails.Close(ctx))
	if c, ok := a.server.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}

func (a *App) logger(cfg *Config) *slog.Logger {
	if cfg.Logger == nil {
		return slog.Default()
	}
	return cfg.Logger
}

// queueMails puts a queue before the sender of mails.
func (a *App) queueMails(cfg *Config) {
	if cfg.Mail.Sender == nil {
		return
	}
	if _, queued := cfg.Mail.Sender.(interface{ Queued() }); queued {
		return
	}
	q := cfg.MailQueue
	if q.Log == nil {
		q.Log = a.logger(cfg)
	}
	a.server = cfg.Mail.Sender
	a.mails = mail.NewQueue(a.server, q)
	cfg.Mail.Sender = a.mails
}

// deliverable asks the DNS whether an address can receive mail.
func (c *Config) deliverable(ctx context.Context, typed string) (string, error) {
	resolver := c.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return c.Address.Validate(ctx, typed, resolver)
}

// identities turns the names into attributes with their mappers.
func (c *Config) identities() ([]doorward.IdentityAttribute, error) {
	names := slices.Clone(c.Identities)
	if c.Usernames.Enable && !slices.Contains(names, "username") {
		names = append(names, "username") // last: it accepts almost anything
	}
	known := map[string]doorward.IdentityAttribute{
		"email": {Attr: "email", AnyCase: true, Map: func(s string) string {
			out, err := c.Address.Normalize(s)
			if err != nil {
				return ""
			}
			return out
		}},
		"username":        {Attr: "username", AnyCase: true, Map: c.Usernames.Normalize},
		"us_phone_number": {Attr: "us_phone_number", Map: c.phoneNumber},
	}
	for name, ia := range c.Mappers {
		known[name] = ia
	}
	var out []doorward.IdentityAttribute
	for _, n := range names {
		ia, ok := known[n]
		if !ok {
			return nil, &doorward.ConfigError{Problem: "USER_IDENTITY_ATTRIBUTES: nothing is known of " + n, Hint: "give Config.Mappers an entry for it"}
		}
		out = append(out, ia)
	}
	return out, nil
}
