package lockout

import (
	"embed"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/signed"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	Tries    int           `setting:"LOCKOUT_TRIES" default:"5" help:"Wrong credentials in a row for one account, from one address or from one known browser, before waits begin."`
	Delay    time.Duration `setting:"LOCKOUT_DELAY" default:"30 seconds" help:"The first of those waits; each one is twice as long as the one before."`
	DelayMax time.Duration `setting:"LOCKOUT_DELAY_MAX" default:"15 minutes" help:"The longest of those waits."`
	Waiting  int           `setting:"LOCKOUT_WAITING" default:"1024" help:"Tries for one account from one place that wait while LOCKOUT_TRIES others are compared; more are refused."`
	Forget   time.Duration `setting:"LOCKOUT_FORGET" default:"1 day" help:"A streak with no wrong credential for this long is over."`

	AccountTries   int           `setting:"LOCKOUT_ACCOUNT_TRIES" default:"20" help:"Wrong credentials for one account, from wherever, before it is locked for browsers that never signed in to it."`
	AccountTime    time.Duration `setting:"LOCKOUT_ACCOUNT_TIME" default:"15 minutes" help:"How long it is locked the first time; each further wrong credential doubles that."`
	AccountTimeMax time.Duration `setting:"LOCKOUT_ACCOUNT_TIME_MAX" default:"1 hour" help:"The longest such lock."`
	AccountMax     int           `setting:"LOCKOUT_ACCOUNT_MAX" default:"100" help:"Wrong credentials for one account without a sign-in after which time does not unlock it any more. The last fifth is left for known browsers. At most 100 (NIST SP 800-63B-4)."`
	AccountForget  time.Duration `setting:"LOCKOUT_ACCOUNT_FORGET" default:"365 days" help:"An account's count with no wrong credential for this long is forgotten."`
	UnknownForget  time.Duration `setting:"LOCKOUT_UNKNOWN_FORGET" default:"30 days" help:"The same for what is no account. Whoever waits that long can tell one from the other by it."`
	PardonEvery    time.Duration `setting:"LOCKOUT_PARDON_EVERY" default:"1 day" help:"A sign-in forgets the wrong credentials for its account, whoever sent them, once in this time; it opens no lock."`

	AddressTries  int           `setting:"LOCKOUT_ADDRESS_TRIES" default:"100" help:"Wrong credentials from one address within LOCKOUT_ADDRESS_WINDOW, whatever the account."`
	AddressWindow time.Duration `setting:"LOCKOUT_ADDRESS_WINDOW" default:"1 hour" help:"The time in which those tries come back, one after the other."`
	MailTries     int           `setting:"LOCKOUT_MAIL_TRIES" default:"60" help:"Mails of one kind that strangers may ask for from one address within LOCKOUT_ADDRESS_WINDOW."`
	AccountMails  int           `setting:"LOCKOUT_ACCOUNT_MAILS" default:"10" help:"Mails of one kind that strangers may cause to one account within LOCKOUT_ADDRESS_WINDOW; more are not sent, and nobody is told. Also how often its user may do what causes a notice."`
	AccountCodes  int           `setting:"LOCKOUT_ACCOUNT_CODES" default:"20" help:"Codes by mail, and as many by text message, that one account is sent within LOCKOUT_ADDRESS_WINDOW."`
	TextTries     int           `setting:"LOCKOUT_TEXT_TRIES" default:"100" help:"Text messages that are sent because of one address within LOCKOUT_ADDRESS_WINDOW, to whatever number and by whatever user; to one number go as many as LOCKOUT_ACCOUNT_CODES says."`
	RegisterTries int           `setting:"LOCKOUT_REGISTER_TRIES" default:"1000" help:"Registrations from one address within LOCKOUT_ADDRESS_WINDOW."`
	IPv6Prefix    int           `setting:"LOCKOUT_IPV6_PREFIX" default:"64" help:"Bits of an IPv6 address that count as one address: a household or a server has all the rest."`

	BrowserCookie string        `setting:"LOCKOUT_BROWSER_COOKIE" default:"known_browser" help:"Cookie of a browser that signed in: a stranger's wrong credentials do not lock it out."`
	BrowserAge    time.Duration `setting:"LOCKOUT_BROWSER_AGE" default:"180 days" help:"How long a browser is known after a sign-in."`

	UnlockURL             string        `setting:"UNLOCK_URL" default:"/unlock" help:"Path of the page that sends a link to unlock an account, and of the links below it."`
	UnlockWithin          time.Duration `setting:"UNLOCK_WITHIN" default:"1 day" help:"How long such a link works."`
	UnlockEvery           time.Duration `setting:"UNLOCK_MAIL_EVERY" default:"15 minutes" help:"At most one such mail to an account in this time, and in twice as much after each one."`
	UnlockEveryMax        time.Duration `setting:"UNLOCK_MAIL_EVERY_MAX" default:"1 day" help:"As far as that doubles. Beyond UNLOCK_WITHIN there would be times without a link that works."`
	UnlockForget          time.Duration `setting:"UNLOCK_MAIL_FORGET" default:"7 days" help:"After this long without such a mail the first of those times holds again."`
	UnlockTries           int           `setting:"UNLOCK_TRIES" default:"20" help:"Requests for such a mail from one address within LOCKOUT_ADDRESS_WINDOW, for whatever account."`
	UnlockTemplate        string        `setting:"UNLOCK_TEMPLATE" default:"security/unlock.html" help:"Template of the page that a link leads to."`
	UnlockRequestTemplate string        `setting:"UNLOCK_REQUEST_TEMPLATE" default:"security/unlock_request.html" help:"Template of the page that sends one."`
	UnlockMailTemplate    string        `setting:"EMAIL_TEMPLATE_UNLOCK" default:"security/email/account_locked" help:"Template of that mail."`
	UnlockSubject         string        `setting:"EMAIL_SUBJECT_UNLOCK" help:"Subject of that mail, in place of the built-in one."`
}

// Feature limits guessing.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	store doorward.GuessStore
	hooks Hooks

	names    *signed.Signer // names of rows
	browsers *signed.Signer // cookies of known browsers
	links    *doorward.LinkMaker

	seat, account, mailing streak

	address, toAccount, codes rate

	rates   map[string]rate // of what has no account and no secret, by kind
	lines   lines
	flights flights
	doubted atomic.Pointer[time.Time]
}

var (
	_ doorward.Feature = (*Feature)(nil)
	_ doorward.Limiter = (*Feature)(nil)
	_ doorward.Issuer  = (*Feature)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "lockout" }

// Hooks returns the feature's events.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt, f.store = rt, rt.Stores().Guesses
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	c := &f.cfg
	f.seat = streak{c.Tries, c.Delay, c.DelayMax, c.Forget}
	f.account = streak{c.AccountTries, c.AccountTime, c.AccountTimeMax, c.AccountForget}
	f.address = rate{c.AddressTries, c.AddressWindow}
	f.mailing = streak{1, c.UnlockEvery, c.UnlockEveryMax, c.UnlockForget}
	f.toAccount, f.codes = rate{c.AccountMails, c.AddressWindow}, rate{c.AccountCodes, c.AddressWindow}
	f.rates = map[string]rate{"token": f.address, "register": {c.RegisterTries, c.AddressWindow}, kindUnlock: {c.UnlockTries, c.AddressWindow}, "texts": {c.TextTries, c.AddressWindow}}
	for _, kind := range []string{"confirm", "reset", "recover", "passwordless", "change-email", kindCode, doorward.KindText} {
		f.rates[kind] = rate{c.MailTries, c.AddressWindow}
	}
	f.lines = lines{wide: c.Tries, most: c.Tries + c.Waiting, open: map[string]*line{}}
	f.flights.open = map[string]int{}
	f.names, f.browsers = rt.Signer("names"), rt.Signer("browsers")
	f.links = rt.Links().Kind(doorward.LinkKind{Name: "unlock", Path: c.UnlockURL, Within: c.UnlockWithin})
	if err := rt.Pages(files, texts()); err != nil || !rt.Mail().On() {
		return err
	}
	return rt.Handle(f.routes()...)
}

// check returns everything that cannot work.
func (f *Feature) check() error {
	c, rt := &f.cfg, f.rt
	errs := []error{
		rt.Need(f.store != nil, "no store to count wrong credentials in",
			"set Config.Stores.Guesses; SECURITY_INSECURE_UNLIMITED_GUESSING does without, and lets anybody guess passwords as fast as he can"),
		f.checkNames(),
	}
	for _, n := range []struct {
		name            string
		value, from, to int
		hint            string
	}{
		{"LOCKOUT_TRIES", c.Tries, 1, mostCounted, ""}, {"LOCKOUT_WAITING", c.Waiting, 1, mostCounted, ""},
		{"LOCKOUT_ACCOUNT_TRIES", c.AccountTries, 1, mostCounted, ""}, {"LOCKOUT_ADDRESS_TRIES", c.AddressTries, 1, mostCounted, ""},
		{"LOCKOUT_REGISTER_TRIES", c.RegisterTries, 1, mostCounted, ""}, {"LOCKOUT_MAIL_TRIES", c.MailTries, 1, mostCounted, ""},
		{"LOCKOUT_ACCOUNT_MAILS", c.AccountMails, 1, mostCounted, ""}, {"LOCKOUT_ACCOUNT_CODES", c.AccountCodes, 1, mostCounted, ""}, {"LOCKOUT_TEXT_TRIES", c.TextTries, 1, mostCounted, ""}, {"UNLOCK_TRIES", c.UnlockTries, 1, mostCounted, ""},
		{"LOCKOUT_ACCOUNT_MAX", c.AccountMax, 5, nistMax, " (NIST SP 800-63B-4 section 3.2.2)"}, {"LOCKOUT_IPV6_PREFIX", c.IPv6Prefix, 16, 128, ""},
	} {
		errs = append(errs, rt.Need(n.from <= n.value && n.value <= n.to, fmt.Sprintf("%s is %d", n.name, n.value),
			fmt.Sprintf("%d to %d%s; leave it out for the default", n.from, n.to, n.hint)))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"LOCKOUT_DELAY", c.Delay}, {"LOCKOUT_DELAY_MAX", c.DelayMax}, {"LOCKOUT_FORGET", c.Forget}, {"LOCKOUT_ACCOUNT_TIME", c.AccountTime},
		{"LOCKOUT_ACCOUNT_TIME_MAX", c.AccountTimeMax}, {"LOCKOUT_ACCOUNT_FORGET", c.AccountForget}, {"LOCKOUT_ADDRESS_WINDOW", c.AddressWindow},
		{"LOCKOUT_UNKNOWN_FORGET", c.UnknownForget}, {"LOCKOUT_PARDON_EVERY", c.PardonEvery},
		{"UNLOCK_MAIL_EVERY_MAX", c.UnlockEveryMax}, {"UNLOCK_MAIL_FORGET", c.UnlockForget},
		{"LOCKOUT_BROWSER_AGE", c.BrowserAge}, {"UNLOCK_WITHIN", c.UnlockWithin}, {"UNLOCK_MAIL_EVERY", c.UnlockEvery},
	} {
		errs = append(errs, rt.Need(time.Second <= d.value && d.value <= longest, fmt.Sprintf("%s is %v", d.name, d.value),
			"one second to ten years; leave it out for the default"))
	}
	return errors.Join(errs...)
}

// kindCode is a mail with a one-time code. An account gets more of them than of
// others, and of text messages too, since each sign-in may need one.
const kindCode = "send-code"

// longest is what every time in the settings must stay within, far from where
// sums overflow.
const longest = 10 * 365 * 24 * time.Hour

// nistMax is the most wrong credentials in a row for one account.
const nistMax = 100

func (f *Feature) checkNames() error {
	c, rt := &f.cfg, f.rt
	cookie := http.Cookie{Name: c.BrowserCookie, Value: "x"}
	errs := []error{rt.Need(cookie.Valid() == nil, fmt.Sprintf("LOCKOUT_BROWSER_COOKIE is %q", c.BrowserCookie), "a name of letters, digits, - and _")}
	if rt.Mail().On() {
		errs = append(errs, rt.Mail().Need(f.Name()),
			rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as the use of a link", "set Config.Stores.Claims, or send no mails"))
	}
	return errors.Join(errs...)
}
