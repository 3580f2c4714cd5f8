package doorward

import (
	"cmp"
	"context"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/conf"
)

// Config is what the engine itself needs. Stores and SecretKey must be given;
// every other zero value is the documented default. [New] copies it: nothing
// can be changed afterwards. The setting tags are the names under which
// package conf loads a field and lists it.
type Config struct {
	Stores Stores
	// SecretKey derives every key that seals or signs; at least 16 bytes from a
	// random source. SecretKeyFallbacks are older ones that are still accepted.
	SecretKey          []byte   `setting:"SECRET_KEY,bare,secret" help:"Key that seals sessions and signs tokens: 16 random bytes or more."`
	SecretKeyFallbacks []string `setting:"SECRET_KEY_FALLBACKS,bare,secret" help:"Older secret keys whose cookies and tokens are still accepted."`

	// IdentityAttributes decide who may sign in with what, in order: the first
	// whose Map accepts the text is looked up, and the others are not. Default:
	// the email address.
	IdentityAttributes []IdentityAttribute `setting:"-"`

	URLs    URLConfig
	Session SessionConfig
	Token   TokenConfig
	CSRF    CSRFConfig
	Fresh   FreshConfig
	Second  SecondConfig
	Pages   PageConfig
	Limits  LimitConfig

	Languages LanguageConfig
	Mail      MailConfig

	// Codecs take the place of the engine's formats, to share cookies, tokens
	// and links with another system. Package flaskcompat has some.
	Codecs codec.Set `setting:"-"`

	// GenericResponses hides whether an account exists (ASVS 6.3.8).
	GenericResponses bool `setting:"RETURN_GENERIC_RESPONSES" default:"false" help:"Answer alike whether an account exists or not."`
	// NoTracking leaves the columns of the last sign-ins alone.
	NoTracking bool `setting:"TRACKABLE,invert" default:"true" help:"Record time, address and count of sign-ins."`
	// DefaultRememberMe ticks the remember-me box.
	DefaultRememberMe bool `setting:"DEFAULT_REMEMBER_ME" default:"false" help:"Tick the remember-me box beforehand."`
	// APIMethods are the mechanisms the security pages accept: "session", "token", "basic".
	APIMethods []string `setting:"API_ENABLED_METHODS" default:"session,token" help:"Ways to authenticate that the security pages accept: session, token, basic."`
	// Realm is sent in WWW-Authenticate.
	Realm string `setting:"DEFAULT_HTTP_AUTH_REALM" default:"Login Required" help:"Realm of HTTP basic authentication."`

	// WantsJSON overrides how the answer's format is chosen.
	WantsJSON func(*http.Request) bool `setting:"-"`
	// Unauthenticated, NotFresh and Unauthorized answer in place of the engine
	// when a guard refuses. mechanisms are those the guard allows.
	Unauthenticated func(w http.ResponseWriter, r *http.Request, mechanisms []string) `setting:"-"`
	NotFresh        func(w http.ResponseWriter, r *http.Request, a Auth)              `setting:"-"`
	Unauthorized    func(w http.ResponseWriter, r *http.Request)                      `setting:"-"`
	// OnEvent is called with every event of the engine and of the features,
	// after the listeners of its hook.
	OnEvent func(ctx context.Context, event any) `setting:"-"`

	Logger *slog.Logger `setting:"-"` // for operators; default slog.Default
	// SecurityLog gets a line for every event: sign-ins, wrong credentials,
	// refusals. Default: Logger.
	SecurityLog *slog.Logger `setting:"-"`
	// Meter gets counts and timings. Default: nobody.
	Meter Meter            `setting:"-"`
	Now   func() time.Time `setting:"-"` // default time.Now
}

// IdentityAttribute is a column by which users are found when they sign in.
type IdentityAttribute struct {
	Attr string // "email", "username", or a column of the application's own
	// Map returns the normal form of what was typed, or "" if it cannot be
	// such a value. It has no side effects.
	Map     func(typed string) string
	AnyCase bool // look it up without regard to letter case
}

// URLConfig says where the pages are and where they lead.
type URLConfig struct {
	Prefix     string `setting:"URL_PREFIX" help:"Path in front of every security page."`
	Subdomain  string `setting:"SUBDOMAIN" help:"Answer the security pages on this subdomain of SERVER_NAME only."`
	Static     string `setting:"STATIC_FOLDER_URL" default:"/fs-static" help:"Path of the style sheet."`
	ServerName string `setting:"SERVER_NAME,bare" help:"Host (and port) the application is reached at; links in mails use it."`
	// Origin is where links in mails lead if there is no ServerName, such as
	// "http://localhost:8080".
	Origin          string   `setting:"-"`
	Scheme          string   `setting:"PREFERRED_URL_SCHEME,bare" default:"https" help:"Scheme of links in mails: https, or http for development."`
	Root            string   `setting:"APPLICATION_ROOT,bare" default:"/" help:"Path of the application; the default target after signing in and out."`
	PostLogin       string   `setting:"POST_LOGIN_VIEW" help:"Where signing in leads: a page's name or a URL; empty: APPLICATION_ROOT."`
	LoginError      string   `setting:"LOGIN_ERROR_VIEW" help:"Where a link that does not sign in leads a single-page application."`
	PostLogout      string   `setting:"POST_LOGOUT_VIEW" help:"Where signing out leads; empty: APPLICATION_ROOT."`
	Unauthorized    string   `setting:"UNAUTHORIZED_VIEW" help:"Where a browser without the needed role is sent; empty: a plain 403."`
	RedirectHost    string   `setting:"REDIRECT_HOST" help:"Host put into every target that is a URL; for development."`
	AllowSubdomains bool     `setting:"REDIRECT_ALLOW_SUBDOMAINS" default:"false" help:"Accept targets on SERVER_NAME and its subdomains."`
	BaseDomain      string   `setting:"REDIRECT_BASE_DOMAIN" help:"Domain of REDIRECT_ALLOWED_SUBDOMAINS."`
	Subdomains      []string `setting:"REDIRECT_ALLOWED_SUBDOMAINS" help:"Labels below REDIRECT_BASE_DOMAIN that targets may be on; . is the domain itself."`
	// Behavior is "spa" where the pages are an application's own: links in mails
	// then lead to its views, with what happened in the query, and LinkUse is "get".
	Behavior string `setting:"REDIRECT_BEHAVIOR" help:"spa: links in mails lead to views of a single-page application, with what happened in the query; empty: to pages."`
	LinkUse  string `setting:"LINK_USE" default:"post" help:"What uses a link of a mail: post (a button on the page it leads to) or get (opening it, which programs that look at mails do too)."`
}

// SessionConfig says how sessions and remember-me work.
type SessionConfig struct {
	CookieName  string           `setting:"SESSION_COOKIE_NAME,bare" default:"session" help:"Name of the session cookie; __Host- is put before it when it is Secure without domain and path."`
	Domain      string           `setting:"SESSION_COOKIE_DOMAIN,bare" help:"Domain of the session cookie."`
	Path        string           `setting:"SESSION_COOKIE_PATH,bare" default:"/" help:"Path of the session cookie."`
	NoHTTPOnly  bool             `setting:"SESSION_COOKIE_HTTPONLY,bare,invert" default:"true" help:"Hide the session cookie from scripts."`
	Secure      string           `setting:"SESSION_COOKIE_SECURE,bare" default:"auto" help:"Send the session cookie over TLS only: auto, true, false."`
	SameSite    string           `setting:"SESSION_COOKIE_SAMESITE,bare" default:"Lax" help:"SameSite of the session cookie: Lax, Strict, None."`
	Partitioned bool             `setting:"SESSION_COOKIE_PARTITIONED,bare" default:"false" help:"Partition the session cookie by top-level site."`
	Persistent  bool             `setting:"SESSION_PERSISTENT" default:"false" help:"Keep the session cookie when the browser closes."`
	NoRefresh   bool             `setting:"SESSION_REFRESH_EACH_REQUEST,bare,invert" default:"true" help:"Send a persistent session cookie again with each answer."`
	Idle        time.Duration    `setting:"SESSION_IDLE" default:"7 days" help:"A session not used for this long is over."`
	Lifetime    time.Duration    `setting:"PERMANENT_SESSION_LIFETIME,bare,seconds" default:"30 days" help:"A session is over after this long, used or not."`
	Protection  conf.Opt[string] `setting:"SESSION_PROTECTION,bare" default:"basic" help:"When address and browser change: basic (ask again before sensitive pages), strong (sign out), none."`
	// StatelessSessions keeps no row: sessions cannot be listed or ended, and a
	// saved cookie works after signing out (ASVS 7.4.1 is not met).
	StatelessSessions bool `setting:"INSECURE_STATELESS_SESSIONS" default:"false" help:"Keep sessions in the cookie alone. They cannot be ended: a saved cookie survives signing out."`

	RememberName       string        `setting:"REMEMBER_COOKIE_NAME,bare" default:"remember_token" help:"Name of the remember-me cookie."`
	RememberDuration   time.Duration `setting:"REMEMBER_COOKIE_DURATION,bare,seconds" default:"365 days" help:"How long a browser is remembered."`
	RememberDomain     string        `setting:"REMEMBER_COOKIE_DOMAIN,bare" help:"Domain of the remember-me cookie."`
	RememberPath       string        `setting:"REMEMBER_COOKIE_PATH,bare" default:"/" help:"Path of the remember-me cookie."`
	RememberSecure     string        `setting:"REMEMBER_COOKIE_SECURE,bare" default:"auto" help:"Send the remember-me cookie over TLS only: auto, true, false."`
	RememberNoHTTPOnly bool          `setting:"REMEMBER_COOKIE_HTTPONLY,bare,invert" default:"true" help:"Hide the remember-me cookie from scripts."`
	RememberSameSite   string        `setting:"REMEMBER_COOKIE_SAMESITE,bare" default:"Lax" help:"SameSite of the remember-me cookie."`
	RememberRefresh    bool          `setting:"REMEMBER_COOKIE_REFRESH_EACH_REQUEST,bare" default:"false" help:"Begin the remember-me duration anew whenever it is used."`
	RememberGrace      time.Duration `setting:"REMEMBER_GRACE" default:"1 minute" help:"How long the previous remember-me value is accepted, for requests sent at once."`
}

// TokenConfig is about authentication tokens.
type TokenConfig struct {
	Key    string                  `setting:"TOKEN_AUTHENTICATION_KEY" default:"auth_token" help:"JSON (and, where allowed, query) key of an authentication token."`
	Header string                  `setting:"TOKEN_AUTHENTICATION_HEADER" default:"Authentication-Token" help:"Header of an authentication token."`
	MaxAge conf.Opt[time.Duration] `setting:"TOKEN_MAX_AGE,seconds" default:"15 minutes" help:"How long a token is valid; 0 ends it within a second."`
	// Expire, if set, gives a token an end of its own; the zero time means none.
	Expire  func(User) time.Time `setting:"-"`
	Always  bool                 `setting:"BACKWARDS_COMPAT_AUTH_TOKEN" default:"false" help:"Put a token into every sign-in answer, asked for or not."`
	InQuery conf.Opt[bool]       `setting:"TOKEN_IN_QUERY" default:"false" help:"Accept tokens in the query string, where logs see them."`
}

// CSRFConfig is about cross-site request forgery.
type CSRFConfig struct {
	// Disabled turns the token checks off.
	Disabled        bool                    `setting:"WTF_CSRF_ENABLED,bare,invert" default:"true" help:"Check CSRF tokens. Never turn this off where browsers sign in."`
	Field           string                  `setting:"WTF_CSRF_FIELD_NAME,bare" default:"csrf_token" help:"Form and JSON field of the token."`
	Headers         []string                `setting:"WTF_CSRF_HEADERS,bare" default:"X-CSRFToken,X-CSRF-Token" help:"Headers that may carry the token."`
	Header          string                  `setting:"CSRF_HEADER" default:"X-XSRF-Token" help:"One more header that may carry the token."`
	TimeLimit       conf.Opt[time.Duration] `setting:"WTF_CSRF_TIME_LIMIT,bare,seconds" default:"1 hour" help:"How long a token is valid; null: as long as the session."`
	Mechanisms      conf.Opt[[]string]      `setting:"CSRF_PROTECT_MECHANISMS" default:"basic,session,token" help:"Ways to authenticate after which tokens are checked."`
	IgnoreAnonymous bool                    `setting:"CSRF_IGNORE_UNAUTH_ENDPOINTS" default:"false" help:"Do not check tokens of callers who are not signed in; opens sign-in to forgery."`
	CookieName      string                  `setting:"CSRF_COOKIE_NAME" help:"Name of a cookie with the token that scripts of a single-page app can read."`
	Cookie          map[string]string       `setting:"CSRF_COOKIE" default:"samesite=Strict,httponly=false,secure=auto" help:"Attributes of that cookie: samesite, httponly, secure, path, domain."`
	CookieRefresh   bool                    `setting:"CSRF_COOKIE_REFRESH_EACH_REQUEST" default:"false" help:"Send that cookie with every answer."`
	// TrustedOrigins may send cross-origin requests to the security pages.
	TrustedOrigins []string `setting:"CSRF_TRUSTED_ORIGINS" help:"Origins (scheme://host:port) whose scripts may call the security pages."`
}

// FreshConfig is about how recently a user must have proved who he is.
type FreshConfig struct {
	Within    conf.Opt[time.Duration] `setting:"FRESHNESS" default:"24 hours" help:"Sensitive pages want a sign-in at most this old; negative: never."`
	Grace     conf.Opt[time.Duration] `setting:"FRESHNESS_GRACE_PERIOD" default:"1 hour" help:"After one fresh check the next pass for this long."`
	DenyToken bool                    `setting:"FRESHNESS_ALLOW_AUTH_TOKEN,invert" default:"true" help:"A token counts as fresh by the time in it."`
}

// SecondConfig is about what the engine does when a second factor is needed.
type SecondConfig struct {
	NotAlways  bool          `setting:"TWO_FACTOR_ALWAYS_VALIDATE,invert" default:"true" help:"Ask for the second factor at every sign-in."`
	Validity   time.Duration `setting:"TWO_FACTOR_LOGIN_VALIDITY" default:"30 days" help:"How long a remembered browser need not give the second factor."`
	CookieName string        `setting:"TWO_FACTOR_VALIDITY_COOKIE_NAME" default:"tf_validity" help:"Name of the cookie that says so."`
	SelectURL  string        `setting:"TWO_FACTOR_SELECT_URL" default:"/tf-select" help:"Page where one of several second factors is chosen."`
	Pending    time.Duration `setting:"TWO_FACTOR_PENDING" default:"10 minutes" help:"How long a sign-in waits for its second factor."`
	Tries      int           `setting:"TWO_FACTOR_TRIES" default:"10" help:"Wrong second factors after which a sign-in must begin again."`
	ErrorView  string        `setting:"TWO_FACTOR_ERROR_VIEW" default:".login" help:"Where a browser is sent that has no sign-in waiting: a page's name or a URL."`
	Template   string        `setting:"TWO_FACTOR_SELECT_TEMPLATE" default:"security/two_factor_select.html" help:"Template of that page."`
}

// PageConfig is about what pages look like and which headers they carry.
type PageConfig struct {
	// Templates holds the application's own; a file there takes the place of
	// the built-in one of the same name.
	Templates fs.FS `setting:"-"`
	// Context adds to the template data of a scope ("login", "register", ...;
	// "" is every page) under .Extra.
	Context map[string]func(*http.Request) map[string]any `setting:"-"`
	// Funcs adds template functions.
	Funcs template.FuncMap `setting:"-"`
	// Messages replaces texts by key. SECURITY_MSG_<KEY> sets one.
	Messages     map[string]Text  `setting:"-"`
	Title        string           `setting:"SITE_NAME" default:"" help:"Name of the site, shown above the pages."`
	NoFlash      bool             `setting:"FLASH_MESSAGES,invert" default:"true" help:"Show messages on the page after a redirect."`
	CacheControl conf.Opt[string] `setting:"CACHE_CONTROL" default:"private, no-store" help:"Cache-Control of every answer that sets none; null: none."`
	// CSP replaces the Content-Security-Policy of the security pages.
	CSP    string `setting:"CONTENT_SECURITY_POLICY" help:"Content-Security-Policy of the security pages, in place of the strict built-in one."`
	NoHSTS bool   `setting:"HSTS,invert" default:"true" help:"Send Strict-Transport-Security with the security pages over TLS."`
}

// Text is the words of a message and its category: "error", "info" or "success".
type Text struct {
	Category string
	Text     string
	// Plural is the text for several things, if that differs. How many there
	// are is the message's argument n.
	Plural string
}

// LimitConfig bounds what a stranger can make the engine do.
type LimitConfig struct {
	Body           int64         `setting:"MAX_BODY" default:"1048576" help:"Largest request body the security pages read, in bytes."`
	Cookie         int           `setting:"MAX_COOKIE" default:"4096" help:"Largest session cookie sent, in bytes; older flash messages and drafts are dropped to fit."`
	LastSeenQueue  int           `setting:"LAST_SEEN_QUEUE" default:"4096" help:"Sessions whose last use waits to be written; more are dropped."`
	LastSeenEvery  time.Duration `setting:"LAST_SEEN_EVERY" default:"1 minute" help:"How exactly the last use of a session is known."`
	TrustedProxies []string      `setting:"TRUSTED_PROXIES" help:"Addresses (CIDR) of proxies whose X-Forwarded headers are believed."`
}

// withDefaults returns a copy in which every zero value is its default and
// nothing is shared with the caller.
func (c Config) withDefaults() (Config, error) {
	if err := conf.Defaults(&c); err != nil {
		return c, err
	}
	if len(c.IdentityAttributes) == 0 {
		c.IdentityAttributes = []IdentityAttribute{{Attr: "email", Map: plainEmail, AnyCase: true}}
	}
	c.IdentityAttributes = slices.Clone(c.IdentityAttributes)
	c.APIMethods = slices.Clone(c.APIMethods)
	c.URLs.Prefix = strings.TrimSuffix(c.URLs.Prefix, "/")
	c.URLs.PostLogin = cmp.Or(c.URLs.PostLogin, c.URLs.Root)
	c.URLs.PostLogout = cmp.Or(c.URLs.PostLogout, c.URLs.Root)
	c.URLs.Subdomains = slices.Clone(c.URLs.Subdomains)
	c.CSRF.Headers = append(slices.Clone(c.CSRF.Headers), c.CSRF.Header)
	c.CSRF.Cookie = maps.Clone(c.CSRF.Cookie)
	c.Pages.Context = maps.Clone(c.Pages.Context)
	c.Pages.Messages = maps.Clone(c.Pages.Messages)
	if c.WantsJSON == nil {
		c.WantsJSON = wantsJSON
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.SecurityLog == nil {
		c.SecurityLog = c.Logger
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// plainEmail is the default mapper: ASCII addresses with the domain in lower
// case. Package address has one for every address.
func plainEmail(typed string) string {
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Address != typed || len(typed) > 254 {
		return ""
	}
	i := strings.LastIndexByte(typed, '@')
	if strings.ContainsFunc(typed, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		return ""
	}
	return typed[:i] + strings.ToLower(typed[i:])
}
