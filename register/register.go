package register

import (
	"context"
	"embed"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/usernames"
)

// Config configures the feature; its zero value is the default, but for Hasher
// and Policy.
type Config struct {
	URL              string   `setting:"REGISTER_URL" default:"/register" help:"Path of the registration page."`
	PostRegister     string   `setting:"POST_REGISTER_VIEW" help:"Where registering leads; empty: APPLICATION_ROOT."`
	Template         string   `setting:"REGISTER_USER_TEMPLATE" default:"security/register_user.html" help:"Template of the registration page."`
	NoConfirm        bool     `setting:"PASSWORD_CONFIRM_REQUIRED,invert" default:"true" help:"Ask for the new password twice at registration."`
	PasswordOptional bool     `setting:"PASSWORD_REQUIRED,invert" default:"true" help:"An account must have a password; turning this off needs UNIFIED_SIGNIN with codes by mail."`
	DefaultRoles     []string `setting:"REGISTER_ROLES" help:"Roles that new accounts get; they must exist."`

	NoMail                   bool   `setting:"SEND_REGISTER_EMAIL,invert" default:"true" help:"Send a mail about a registration, if mails can be sent."`
	MailTemplate             string `setting:"REGISTER_EMAIL_TEMPLATE" default:"security/email/welcome" help:"Template of the mail to a new account."`
	MailTemplateExisting     string `setting:"REGISTER_EMAIL_EXISTING_TEMPLATE" default:"security/email/welcome_existing" help:"Template of the mail to the owner of an account whose address somebody registers again, in generic mode."`
	MailTemplateExistingName string `setting:"REGISTER_EMAIL_EXISTING_USERNAME_TEMPLATE" default:"security/email/welcome_existing_username" help:"Template of the mail to whoever asks for a username that is taken, in generic mode."`
	Subject                  string `setting:"EMAIL_SUBJECT_REGISTER" help:"Subject of these mails, in place of the built-in one."`

	// CodesByMail says that users can sign in with codes by mail: then
	// PasswordOptional may be set. batteries sets it.
	CodesByMail bool `setting:"-"`
	// Usernames, if set, adds a username field to the form.
	Usernames        *usernames.Rules `setting:"-"`
	UsernameRequired bool             `setting:"-"`
	// Hasher hashes passwords and Policy judges them. Both are required.
	Hasher Hasher `setting:"-"`
	Policy Policy `setting:"-"`
	// PasswordLength is the least the policy asks for, which the page mentions
	// if it is not zero.
	PasswordLength int `setting:"-"`
	// Email returns the normal form of an address that can receive mail, or an
	// error that wraps [address.ErrInvalid] or [address.ErrUndeliverable].
	// Default: any well-formed address.
	Email func(ctx context.Context, typed string) (string, error) `setting:"-"`
	// Fields are those of the application's own, in the order of the page.
	Fields []Field `setting:"-"`
}

// Field is a field that an application adds to the form. What is not such a
// field cannot be set by registering.
type Field struct {
	Name  string // in the form and in JSON
	Label string // text, or the key of one
	// Type is the input's type: "text" if empty, or another that holds text. A
	// "checkbox" is the text "true" or "".
	Type     string
	Required bool
	// Set puts the text, which may be empty unless Required, into the new
	// user's record. A [*doorward.Problem] refuses it: its messages are shown on
	// this field. Any other error is the operator's. Set has no other effect: it
	// also runs for forms that are then refused.
	Set func(u doorward.User, value string) error
}

// Hasher is what the feature needs of a [password.Hasher].
type Hasher interface {
	Hash(ctx context.Context, plain string) (string, error)
}

// Policy is what the feature needs of a [password.Policy].
type Policy interface {
	Check(ctx context.Context, plain string, words []string) []password.Violation
}

// Feature is the registration.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	hooks Hooks
	names []string // of the form's fields, in order
}

var (
	_ doorward.Feature = (*Feature)(nil)
	_ Hasher           = (*password.Hasher)(nil)
	_ Policy           = (*password.Policy)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature {
	cfg.DefaultRoles, cfg.Fields = slices.Clone(cfg.DefaultRoles), slices.Clone(cfg.Fields)
	return &Feature{cfg: cfg}
}

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "register" }

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
	if f.cfg.Email == nil {
		f.cfg.Email = func(_ context.Context, typed string) (string, error) { return address.Normalize(typed) }
	}
	f.names = f.fieldNames()
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(f.form().Route(doorward.Route{Name: "register", Path: f.cfg.URL, Caller: doorward.AnonymousCaller}))
}

// needs reports the first thing that the feature cannot run with.
func (f *Feature) needs() error {
	for _, n := range []struct {
		ok            bool
		problem, hint string
	}{
		{f.cfg.Hasher != nil, "no password hasher", "set register.Config.Hasher to a *password.Hasher"},
		{f.cfg.Policy != nil, "no password policy", "set register.Config.Policy to a *password.Policy"},
		{f.rt.Stores().Admin != nil, "the store cannot make users", "set Config.Stores.Admin"},
		{!f.cfg.PasswordOptional || f.cfg.CodesByMail, "PASSWORD_REQUIRED is off, and there is no sign-in without a password", "turn UNIFIED_SIGNIN on with email among US_ENABLED_METHODS, or leave PASSWORD_REQUIRED on"},
		{!f.cfg.PasswordOptional || f.rt.Mail().On(), "PASSWORD_REQUIRED is off, and no mails can be sent to sign in with", "set Config.Mail.Sender, or leave PASSWORD_REQUIRED on"},
	} {
		if err := f.rt.Need(n.ok, n.problem, n.hint); err != nil {
			return err
		}
	}
	return f.checkFields()
}

// checkFields makes sure that no field of the application's takes the name of
// another, or is of a type that posts no text.
func (f *Feature) checkFields() error {
	taken := []string{"email", "password", "password_confirm", "next", "submit", "username", "csrf_token"}
	types := []string{"", "text", "email", "tel", "url", "number", "date", "search", "checkbox"}
	for _, own := range f.cfg.Fields {
		if err := f.rt.Need(own.Name != "" && own.Set != nil, "field "+own.Name+" is not complete", "give Name and Set"); err != nil {
			return err
		}
		if err := f.rt.Need(!slices.Contains(taken, own.Name), "field "+own.Name+" is there already", "choose another name"); err != nil {
			return err
		}
		if err := f.rt.Need(slices.Contains(types, own.Type), "field "+own.Name+": type "+own.Type+" is not known", "use text, email, tel, url, number, date, search or checkbox"); err != nil {
			return err
		}
		taken = append(taken, own.Name)
	}
	return nil
}

// fieldNames is the contract's order of the fields, and of their errors. A
// password that is optional comes later.
func (f *Feature) fieldNames() []string {
	passwords := []string{"password"}
	if !f.cfg.NoConfirm {
		passwords = append(passwords, "password_confirm")
	}
	names := slices.Concat([]string{"email"}, passwords, []string{"next"})
	if f.cfg.PasswordOptional {
		names = slices.Concat([]string{"email", "next"}, passwords)
	}
	if f.cfg.Usernames != nil {
		names = append(names, "username")
	}
	for _, own := range f.cfg.Fields {
		names = append(names, own.Name)
	}
	return names
}
