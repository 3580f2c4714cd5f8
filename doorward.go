package doorward

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/signed"
)

// Security is what an application sees of the engine.
type Security struct{ e *engine }

type engine struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	hooks   Hooks
	proxies proxies

	features  []Feature
	limiters  []Limiter
	gates     []Gate
	seconds   secondFactors
	verifiers map[string]Verifier
	issuers   []Issuer
	mechs     []string

	keys                  *signed.Keys
	cookies, csrf, trusts *signed.Sealer
	tokens                *signed.Signer
	crossOrigin           *http.CrossOriginProtection
	csrfCookieAttrs       cookieAttrs
	protection            string
	cacheControl, csp     string

	routes        routeTable
	languages     []string
	texts         map[string]Text
	textOwner     map[string]string
	pageOwner     map[string]string
	pageFiles     map[string]fs.FS
	pages         map[string]*template.Template
	mails         mails
	static        fs.FS
	staticVersion string
	seen          *lastSeen
	outage        outage
}

// New returns a Security with the given features. Limiters, gates and second
// factors apply in the order of the features. New reports everything that is
// wrong at once, as [ConfigError] values joined. Call [Security.Close] at the
// end of the program.
func New(cfg Config, features ...Feature) (*Security, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &engine{cfg: cfg, log: cfg.Logger, now: cfg.Now, features: slices.Clone(features), verifiers: map[string]Verifier{},
		texts: map[string]Text{}, textOwner: map[string]string{}, pageOwner: map[string]string{}, pageFiles: map[string]fs.FS{},
		pages:  map[string]*template.Template{},
		routes: routeTable{byName: map[string]*Route{}, exact: map[string]*Route{}, param: map[string]*Route{}}}
	err = errors.Join(e.setUp(), e.setUpLanguages(), e.setUpPages(), e.takeFeatures())
	if err == nil {
		err = errors.Join(e.parsePages(), e.parseMails())
	}
	if err != nil {
		return nil, err
	}
	if cfg.CSRF.Disabled {
		e.log.Warn("CSRF tokens are not checked: other sites can act for users who are signed in", "setting", "WTF_CSRF_ENABLED")
	}
	for _, p := range e.proxies {
		if p.Bits() < 16 {
			e.log.Warn("a whole network counts as trusted proxies: visitors in it choose the address and host they seem to have; name the proxies alone",
				"network", p.String(), "setting", "SECURITY_TRUSTED_PROXIES")
		}
	}
	if cfg.Session.StatelessSessions {
		e.log.Warn("sessions are kept in cookies alone: signing out does not end a saved cookie, and sessions cannot be listed or ended",
			"setting", "SECURITY_INSECURE_STATELESS_SESSIONS")
	}
	e.seen = newLastSeen(cfg.Stores.Sessions, e.log, cfg.Limits.LastSeenQueue)
	return &Security{e}, nil
}

// setUp derives what requests need from the configuration.
func (e *engine) setUp() error {
	cfg := &e.cfg
	errs := []error{cfg.validate()}
	var err error
	if e.proxies, err = parseProxies(cfg.Limits.TrustedProxies); err != nil {
		errs = append(errs, err)
	}
	if e.crossOrigin, err = newCrossOrigin(cfg.CSRF.TrustedOrigins); err != nil {
		errs = append(errs, err)
	}
	if e.csrfCookieAttrs, err = parseCookieMap(cfg.CSRF.Cookie); err != nil {
		errs = append(errs, err)
	}
	fallbacks := make([][]byte, len(cfg.SecretKeyFallbacks))
	for i, s := range cfg.SecretKeyFallbacks {
		fallbacks[i] = []byte(s)
	}
	keys, err := signed.NewKeys(cfg.SecretKey, fallbacks...)
	if err != nil {
		errs = append(errs, &ConfigError{Problem: "SECRET_KEY: " + err.Error(), Hint: "give 16 random bytes or more, for example from: openssl rand -hex 32"})
		e.keys, _ = signed.NewKeys(randomBytes(32)) // for the features' Init: New reports all that is wrong at once
	} else {
		e.keys = keys
		e.cookies, e.csrf, e.trusts = keys.Sealer("session-cookie"), keys.Sealer("csrf-token"), keys.Sealer("tf-validity")
		e.tokens = keys.Signer("auth-token")
	}
	if e.protection = cfg.Session.Protection.Or("basic"); cfg.Session.Protection.IsNull() || e.protection == "none" {
		e.protection = ""
	}
	if !cfg.Pages.CacheControl.IsNull() {
		e.cacheControl = cfg.Pages.CacheControl.Or("private, no-store")
	}
	if e.csp = cfg.Pages.CSP; e.csp == "" {
		e.csp = cfg.URLs.contentPolicy()
	}
	cfg.SecretKey, cfg.SecretKeyFallbacks = nil, nil // nobody needs them again
	return errors.Join(errs...)
}

func (c *Config) validate() error {
	var errs []error
	bad := func(wrong bool, problem, hint string) {
		if wrong {
			errs = append(errs, &ConfigError{Problem: problem, Hint: hint})
		}
	}
	s := &c.Session
	bad(c.Stores.Users == nil, "no user store", "set Config.Stores, for example to StoresFrom(a sqlstore)")
	bad(c.Stores.Sessions == nil && !s.StatelessSessions, "no session store", "set Config.Stores.Sessions, or SECURITY_INSECURE_STATELESS_SESSIONS")
	for _, v := range []struct{ name, val string }{{"SESSION_COOKIE_SECURE", s.Secure}, {"REMEMBER_COOKIE_SECURE", s.RememberSecure}} {
		bad(!validSecure(v.val), fmt.Sprintf("%s: %q is not understood", v.name, v.val), "auto, true or false")
	}
	for _, v := range []struct{ name, val, secure string }{{"SESSION_COOKIE_SAMESITE", s.SameSite, s.Secure}, {"REMEMBER_COOKIE_SAMESITE", s.RememberSameSite, s.RememberSecure}} {
		ss, ok := sameSite(v.val)
		bad(!ok, fmt.Sprintf("%s: %q is not understood", v.name, v.val), "Lax, Strict or None")
		bad(ss == http.SameSiteNoneMode && v.secure == "false", v.name+" is None for a cookie that is not Secure", "browsers drop such a cookie")
	}
	prot := s.Protection.Or("basic")
	bad(!slices.Contains([]string{"", "none", "basic", "strong"}, prot), fmt.Sprintf("SESSION_PROTECTION: %q is not understood", prot), "basic, strong or none")
	for _, m := range c.APIMethods {
		bad(!slices.Contains([]string{MechanismSession, MechanismToken, MechanismBasic}, m), fmt.Sprintf("API_ENABLED_METHODS: %q is not understood", m), "session, token, basic")
	}
	errs = append(errs, c.validateCookies(), c.validateURLs())
	bad(c.URLs.Scheme != "https" && c.URLs.Scheme != "http", fmt.Sprintf("PREFERRED_URL_SCHEME: %q is not understood", c.URLs.Scheme), "https or http")
	bad(c.URLs.Behavior != "" && c.URLs.Behavior != "spa", fmt.Sprintf("REDIRECT_BEHAVIOR: %q is not understood", c.URLs.Behavior), "spa, or empty")
	bad(c.URLs.LinkUse != "post" && c.URLs.LinkUse != "get", fmt.Sprintf("LINK_USE: %q is not understood", c.URLs.LinkUse), "post or get")
	bad(c.URLs.AllowSubdomains && c.URLs.ServerName == "", "REDIRECT_ALLOW_SUBDOMAINS without SERVER_NAME", "set SERVER_NAME")
	bad(len(c.URLs.Subdomains) > 0 && c.URLs.BaseDomain == "", "REDIRECT_ALLOWED_SUBDOMAINS without REDIRECT_BASE_DOMAIN", "set REDIRECT_BASE_DOMAIN")
	bad(c.URLs.Subdomain != "" && c.URLs.ServerName == "", "SUBDOMAIN without SERVER_NAME", "set SERVER_NAME")
	bad(c.Second.Tries < 1 || c.Second.Tries > 100, fmt.Sprintf("TWO_FACTOR_TRIES is %d", c.Second.Tries), "1 to 100; leave it out for the default")
	bad(c.Limits.Body < 0 || c.Limits.Cookie < 512 || c.Limits.LastSeenQueue < 0, "a limit is too small", "leave it out for the default")
	for _, ia := range c.IdentityAttributes {
		bad(ia.Attr == "" || ia.Map == nil, fmt.Sprintf("identity attribute %q is not complete", ia.Attr), "give Attr and Map")
	}
	return errors.Join(errs...)
}

// setUpPages adds the engine's own pages, texts and files.
func (e *engine) setUpPages() error {
	own, err := fs.Sub(embedded, "templates")
	if err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	if e.static, err = fs.Sub(embedded, "static"); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	css, err := fs.ReadFile(e.static, "doorward.css")
	if err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	sum := sha256.Sum256(css)
	e.staticVersion = hex.EncodeToString(sum[:4])
	return errors.Join(e.addPages("doorward", own), e.addTexts("doorward", engineTexts()))
}

// takeFeatures finds out which roles the features play and initialises them.
func (e *engine) takeFeatures() error {
	var errs []error
	e.mechs = []string{MechanismToken, MechanismSession}
	names := map[string]bool{}
	for _, f := range e.features {
		if names[f.Name()] {
			errs = append(errs, &ConfigError{f.Name(), "feature given twice", ""})
			continue
		}
		names[f.Name()] = true
		errs = append(errs, e.takeRoles(f), f.Init(&Runtime{e, f.Name()}))
	}
	for _, rt := range e.routes.byName {
		if strings.HasPrefix(rt.Path, e.cfg.URLs.Static+"/") {
			errs = append(errs, &ConfigError{rt.feature, fmt.Sprintf("%s lies among the static files", rt.Path), "change its URL or STATIC_FOLDER_URL"})
		}
	}
	if len(e.seconds) > 0 {
		errs = append(errs, e.routes.add("doorward", e.selectRoute()))
		if e.cfg.Stores.Claims == nil {
			errs = append(errs, &ConfigError{Problem: "a second factor needs a claim store", Hint: "set Config.Stores.Claims"})
		}
		if e.cfg.Stores.Guesses == nil {
			errs = append(errs, &ConfigError{Problem: "a second factor needs a store to count wrong ones in", Hint: "set Config.Stores.Guesses"})
		}
	}
	return errors.Join(errs...)
}

func (e *engine) takeRoles(f Feature) error {
	if l, ok := f.(Limiter); ok {
		e.limiters = append(e.limiters, l)
	}
	if g, ok := f.(Gate); ok {
		e.gates = append(e.gates, g)
	}
	if s, ok := f.(SecondFactor); ok {
		e.seconds = append(e.seconds, named{f.Name(), s})
	}
	if i, ok := f.(Issuer); ok {
		e.issuers = append(e.issuers, i)
	}
	if v, ok := f.(Verifier); ok {
		m := v.Mechanism()
		if e.verifiers[m] != nil || slices.Contains(e.mechs, m) {
			return &ConfigError{f.Name(), "mechanism " + m + " has a verifier already", ""}
		}
		e.verifiers[m] = v
		e.mechs = append(e.mechs, m)
	}
	return nil
}

// Hooks returns the engine's events.
func (s *Security) Hooks() *Hooks { return &s.e.hooks }

// Close writes what is waiting to be written, until ctx is done. Requests may
// still be served afterwards; the last use of their sessions is not noted.
func (s *Security) Close(ctx context.Context) error {
	s.e.seen.close(ctx)
	return ctx.Err()
}
