package username

import (
	"context"
	"embed"
	"errors"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/usernames"
)

// Config configures the feature; a nil part of it is off.
type Config struct {
	Change   *Change   `setting:"CHANGE_USERNAME,feature" default:"false" help:"Let users change their username."`
	Recovery *Recovery `setting:"USERNAME_RECOVERY,feature" default:"false" help:"Send users their username by mail."`

	// Required refuses an empty username.
	Required bool `setting:"-"`
	// Rules say what a username is; default: the zero Rules.
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
	cfg   Config
	rt    *doorward.Runtime
	hooks Hooks
}

var _ doorward.Feature = (*Feature)(nil)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature {
	if cfg.Change != nil {
		c := *cfg.Change
		cfg.Change = &c
	}
	if cfg.Recovery != nil {
		c := *cfg.Recovery
		cfg.Recovery = &c
	}
	rules := usernames.Rules{}
	if cfg.Rules != nil {
		rules = *cfg.Rules
	}
	cfg.Rules = &rules
	return &Feature{cfg: cfg}
}

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "username" }

// Hooks returns the events of this feature.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := errors.Join(conf.Defaults(&f.cfg), conf.Defaults(f.cfg.Rules)); err != nil {
		return err
	}
	if err := f.cfg.Rules.Validate(); err != nil {
		return rt.Need(false, err.Error(), "correct the rules for usernames")
	}
	if f.cfg.Email == nil {
		f.cfg.Email = func(_ context.Context, typed string) (string, error) { return address.Normalize(typed) }
	}
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	if f.cfg.Change != nil {
		if err := rt.Handle(f.change().Route(doorward.Route{Name: "change_username", Path: f.cfg.Change.URL, Caller: doorward.FreshCaller})); err != nil {
			return err
		}
	}
	if f.cfg.Recovery == nil {
		return nil
	}
	if err := rt.Mail().Need(f.Name()); err != nil {
		return err
	}
	return rt.Handle(f.recovery().Route(doorward.Route{Name: "recover_username", Path: f.cfg.Recovery.URL, Caller: doorward.AnonymousCaller}))
}

// attribute is how an attribute is compared: as sign-ins do, or in any case of
// letters where nobody signs in with it.
func (f *Feature) attribute(name string) doorward.IdentityAttribute {
	for _, ia := range f.rt.Identities() {
		if ia.Attr == name {
			return ia
		}
	}
	return doorward.IdentityAttribute{Attr: name, AnyCase: true, Map: func(typed string) string {
		normal, err := address.Normalize(typed)
		if err != nil {
			return ""
		}
		return normal
	}}
}
