package change

import (
	"context"
	"embed"
	"errors"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/password"
)

// Config configures the feature; its zero value is the default, but for Hasher
// and Policy.
type Config struct {
	URL           string `setting:"CHANGE_URL" default:"/change" help:"Path of the page that changes the password."`
	PostChange    string `setting:"POST_CHANGE_VIEW" help:"Where it leads; empty: POST_LOGIN_VIEW."`
	NoEmail       bool   `setting:"SEND_PASSWORD_CHANGE_EMAIL,invert" default:"true" help:"Send a mail when a password was changed."`
	Template      string `setting:"CHANGE_PASSWORD_TEMPLATE" default:"security/change_password.html" help:"Template of that page."`
	EmailTemplate string `setting:"EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE" default:"security/email/change_notice" help:"Template of the mail that a password was changed."`
	Subject       string `setting:"EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE" help:"Subject of that mail, in place of the built-in one."`

	// PasswordLength is the least number of characters, for the hint in the form.
	PasswordLength int `setting:"-"`
	// Hasher hashes passwords and Policy judges them. Both are required.
	Hasher Hasher `setting:"-"`
	Policy Policy `setting:"-"`
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

// Feature lets users change their password.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	hooks Hooks
}

var (
	_ doorward.Feature = (*Feature)(nil)
	_ Hasher           = (*password.Hasher)(nil)
	_ Policy           = (*password.Policy)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "change" }

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
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(f.form().Route(doorward.Route{Name: "change_password", Path: f.cfg.URL, Caller: doorward.UserCaller}))
}

// needs returns everything that the feature cannot run with. It runs without
// mails; then nobody is told of a change.
func (f *Feature) needs() error {
	c, rt := &f.cfg, f.rt
	errs := []error{
		rt.Need(c.Hasher != nil, "no password hasher", "set change.Config.Hasher to a *password.Hasher"),
		rt.Need(c.Policy != nil, "no password policy", "set change.Config.Policy to a *password.Policy"),
	}
	if rt.Mail().On() && !c.NoEmail {
		errs = append(errs, rt.Mail().Need(f.Name()))
	}
	return errors.Join(errs...)
}
