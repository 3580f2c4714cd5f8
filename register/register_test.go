package register_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/usernames"
)

type fields map[string]any

func good() fields {
	return fields{"email": "new@example.com", "password": goodPassword, "password_confirm": goodPassword}
}

// with returns the good form with some fields changed; nil removes one.
func with(changes fields) fields {
	out := good()
	for k, v := range changes {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

// company is a field of an application's own.
func company() register.Field {
	return register.Field{Name: "company", Label: "Company", Required: true, Set: func(u doorward.User, v string) error {
		if v == "Evil Corp" {
			return doorward.Fail("elsewhere", "INVALID_INPUT")
		}
		u.(*member).Company = v
		return nil
	}}
}

func TestRegister(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, register.Config{}, nil)
		b := s.browser(asJSON)
		r := b.post("/register", with(fields{"email": "  new@EXAMPLE.com "}))
		if asJSON {
			if r.status != 200 || r.response["tf_required"] != false || r.response["csrf_token"] == nil || fmt.Sprint(r.response["user"]) != "map[email:new@example.com]" {
				t.Errorf("answer %d %s", r.status, r.body)
			}
		} else if r.status != 302 || r.header.Get("Location") != "/" {
			t.Errorf("answer %d to %q", r.status, r.header.Get("Location"))
		}
		if strings.Contains(r.body, goodPassword) {
			t.Error("the password is in the answer")
		}
		if got := b.whoami(); got != "new@example.com [register]" {
			t.Errorf("signed in: %s", got)
		}
		if got := s.fired(); got != "Registered Authenticated" {
			t.Errorf("events %s", got)
		}
		u := s.users()
		if len(u) != 1 || !u[0].Active || len(u[0].Uniquifier) != 32 || !strings.HasPrefix(u[0].PasswordHash, "$argon2id$") || !u[0].ConfirmedAt.IsZero() {
			t.Errorf("stored %+v", u)
		}
	})
}

func TestChecks(t *testing.T) {
	long := strings.Repeat("a", 129)
	for _, c := range []struct {
		name   string
		send   fields
		want   string
		asJSON bool // types that a form cannot send
	}{
		{name: "nothing", send: fields{}, want: "company: FIELD_NOT_PROVIDED; email: EMAIL_NOT_PROVIDED; password: PASSWORD_NOT_PROVIDED; password_confirm: PASSWORD_NOT_PROVIDED; username: USERNAME_NOT_PROVIDED"},
		{name: "blanks", send: with(fields{"email": " ", "password": "  ", "password_confirm": " "}), want: "email: EMAIL_NOT_PROVIDED; password: PASSWORD_NOT_PROVIDED; password_confirm: PASSWORD_NOT_PROVIDED"},
		{name: "bad address", send: with(fields{"email": "new@example"}), want: "email: INVALID_EMAIL_ADDRESS"},
		{name: "undeliverable", send: with(fields{"email": "new@nowhere.example.com"}), want: "email: INVALID_EMAIL_ADDRESS"},
		{name: "taken address", send: with(fields{"email": "old@example.com"}), want: "email: EMAIL_ALREADY_ASSOCIATED old@example.com"},
		{name: "taken address in other letters", send: with(fields{"email": "OLD@example.com"}), want: "email: EMAIL_ALREADY_ASSOCIATED OLD@example.com"},
		{name: "no confirmation", send: with(fields{"password_confirm": nil}), want: "password_confirm: PASSWORD_NOT_PROVIDED"},
		{name: "other confirmation", send: with(fields{"password_confirm": goodPassword + "!"}), want: "password_confirm: RETYPE_PASSWORD_MISMATCH"},
		{name: "confirmation alone", send: with(fields{"password": nil}), want: "password: PASSWORD_NOT_PROVIDED; password_confirm: RETYPE_PASSWORD_MISMATCH"},
		{name: "short", send: with(fields{"password": "abc", "password_confirm": "abc"}), want: "password: PASSWORD_INVALID_LENGTH"},
		{name: "short and different", send: with(fields{"password": "abc"}), want: "password: PASSWORD_INVALID_LENGTH; password_confirm: RETYPE_PASSWORD_MISMATCH"},
		{name: "long", send: with(fields{"password": long, "password_confirm": long}), want: "password: PASSWORD_INVALID_LENGTH"},
		{name: "common", send: with(fields{"password": "password1", "password_confirm": "password1"}), want: "password: PASSWORD_TOO_SIMPLE"},
		{name: "the address", send: with(fields{"email": "jaquelinebeauvoir@example.com", "password": "jaquelinebeauvoir", "password_confirm": "jaquelinebeauvoir"}), want: "password: PASSWORD_TOO_SIMPLE"},
		{name: "the username", send: with(fields{"username": "balthazar77", "password": "balthazar77", "password_confirm": "balthazar77"}), want: "password: PASSWORD_TOO_SIMPLE"},
		{name: "next outside", send: with(fields{"next": "https://evil.example/"}), want: "next: INVALID_REDIRECT"},
		{name: "no username", send: with(fields{"username": ""}), want: "username: USERNAME_NOT_PROVIDED"},
		{name: "short username", send: with(fields{"username": "abc"}), want: "username: USERNAME_INVALID_LENGTH"},
		{name: "markup in username", send: with(fields{"username": "<b>abc"}), want: "username: USERNAME_ILLEGAL_CHARACTERS"},
		{name: "dash in username", send: with(fields{"username": "abc-def"}), want: "username: USERNAME_DISALLOWED_CHARACTERS"},
		{name: "taken username", send: with(fields{"username": "oldie"}), want: "username: USERNAME_ALREADY_ASSOCIATED oldie"},
		{name: "taken username in other letters", send: with(fields{"username": "Oldie"}), want: "username: USERNAME_ALREADY_ASSOCIATED Oldie"},
		{name: "both taken", send: with(fields{"email": "old@example.com", "username": "oldie"}), want: "email: EMAIL_ALREADY_ASSOCIATED old@example.com; username: USERNAME_ALREADY_ASSOCIATED oldie"},
		{name: "taken and the rest", send: with(fields{"email": "old@example.com", "password": "abc", "password_confirm": "", "company": ""}), want: "company: FIELD_NOT_PROVIDED; email: EMAIL_ALREADY_ASSOCIATED old@example.com; password: PASSWORD_INVALID_LENGTH; password_confirm: PASSWORD_NOT_PROVIDED"},
		{name: "own field refused", send: with(fields{"company": "Evil Corp"}), want: "company: INVALID_INPUT"},
		{name: "taken column of the application's", send: with(fields{"vat": "DE1"}), want: "vat: IDENTITY_ALREADY_ASSOCIATED vat"},
		{name: "types", send: with(fields{"email": 5, "password": true, "password_confirm": []string{"x"}, "next": 1, "username": map[string]any{}, "company": 3}), want: "company: API_ERROR; email: API_ERROR; next: API_ERROR; password: API_ERROR; password_confirm: API_ERROR; username: API_ERROR", asJSON: true},
		{name: "one type and the rest", send: with(fields{"email": 5, "password_confirm": "x", "username": ""}), want: "email: API_ERROR; password_confirm: RETYPE_PASSWORD_MISMATCH; username: USERNAME_NOT_PROVIDED", asJSON: true},
		{name: "null", send: fields{"email": nil, "password": nil, "password_confirm": nil, "username": "newcomer", "company": "ACME"}, want: "email: EMAIL_NOT_PROVIDED; password: PASSWORD_NOT_PROVIDED; password_confirm: PASSWORD_NOT_PROVIDED", asJSON: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				if c.asJSON && !asJSON {
					t.Skip("a form has only text")
				}
				cfg := register.Config{Usernames: &usernames.Rules{}, UsernameRequired: true, Fields: []register.Field{company(),
					{Name: "vat", Set: func(u doorward.User, v string) error { u.(*member).VAT = v; return nil }}},
					Email: func(_ context.Context, typed string) (string, error) {
						if strings.HasSuffix(typed, "@nowhere.example.com") {
							return "", fmt.Errorf("%w: no server", address.ErrUndeliverable)
						}
						return address.Normalize(typed)
					}}
				s := newSite(t, cfg, withUsernames)
				old := s.add("old@example.com", "oldie")
				other := &member{VAT: "DE1", Account: doorward.Account{Email: "other@example.com"}}
				if err := s.store.CreateUser(t.Context(), other); err != nil {
					t.Fatal(err)
				}
				send := maps.Clone(c.send)
				if len(send) > 0 {
					for k, v := range (fields{"username": "newcomer", "company": "ACME"}) {
						if _, ok := send[k]; !ok {
							send[k] = v
						}
					}
				}
				b := s.browser(asJSON)
				r := b.post("/register", send)
				if want := map[bool]int{true: 400, false: 200}[asJSON]; r.status != want {
					t.Errorf("status %d, want %d", r.status, want)
				}
				if got := r.errors(); got != c.want {
					t.Errorf("errors\n %s, want\n %s", got, c.want)
				}
				if asJSON && len(r.response) != 2 {
					t.Errorf("more than errors in %s", r.body)
				}
				for _, secret := range []string{goodPassword, old.Uniquifier, "jaquelinebeauvoir\""} {
					if strings.Contains(r.body, secret) {
						t.Errorf("%q is in the answer", secret)
					}
				}
				if got := s.fired(); got != "" {
					t.Errorf("events %s", got)
				}
				if n := len(s.users()); n != 2 {
					t.Errorf("%d users", n)
				}
				if got := b.whoami(); got != "nobody" {
					t.Errorf("signed in: %s", got)
				}
			})
		})
	}
}

func withUsernames(c *doorward.Config) {
	c.IdentityAttributes = []doorward.IdentityAttribute{
		{Attr: "email", AnyCase: true, Map: func(s string) string {
			if n, err := address.Normalize(s); err == nil {
				return n
			}
			return ""
		}},
		{Attr: "username", AnyCase: true, Map: func(s string) string { return s }},
	}
}

func TestErrorOrder(t *testing.T) {
	s := newSite(t, register.Config{Usernames: &usernames.Rules{}, UsernameRequired: true, Fields: []register.Field{company()}}, nil)
	r := s.browser(true).post("/register?next=//evil.example", fields{})
	want := "[EMAIL_NOT_PROVIDED PASSWORD_NOT_PROVIDED PASSWORD_NOT_PROVIDED INVALID_REDIRECT USERNAME_NOT_PROVIDED FIELD_NOT_PROVIDED]"
	if got := fmt.Sprint(r.response["errors"]); got != want {
		t.Errorf("errors %s, want %s", got, want)
	}
}

func TestOptionalFields(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, register.Config{NoConfirm: true, Usernames: &usernames.Rules{}}, withUsernames)
		s.add("first@example.com", "") // no username is nobody's
		if r := s.browser(asJSON).post("/register", fields{"email": "new@example.com", "password": goodPassword}); r.errors() != "" {
			t.Errorf("errors %s", r.errors())
		}
		r := s.browser(asJSON).post("/register", fields{"email": "next@example.com", "password": goodPassword, "username": "nextone"})
		if u := s.users(); len(u) != 3 || u[1].Username != "" || u[2].Username != "nextone" {
			t.Errorf("stored %+v after %s", u, r.body)
		}
	})
}

// TestAllowList: nothing but the form's own fields reaches the record.
func TestAllowList(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, register.Config{Fields: []register.Field{company(), {Name: "terms", Label: "I agree", Type: "checkbox", Required: true, Set: func(doorward.User, string) error { return nil }}}}, nil)
		if err := s.store.CreateRole(t.Context(), doorward.Role{Name: "admin"}); err != nil {
			t.Fatal(err)
		}
		fixed := strings.Repeat("a", 32)
		r := s.browser(asJSON).post("/register", with(fields{"company": "ACME", "terms": "true", "active": "false", "fs_uniquifier": fixed,
			"uniquifier": fixed, "Uniquifier": fixed, "roles": "admin", "confirmed_at": "2020-01-01T00:00:00Z", "vat": "DE1", "id": "77",
			"PasswordHash": "x", "username": "sneaky", "Own": "x", "names": "y"}))
		u := s.users()
		if len(u) != 1 {
			t.Fatalf("%d users after %s", len(u), r.body)
		}
		m := u[0]
		if !m.Active || m.Uniquifier == fixed || !m.ConfirmedAt.IsZero() || m.VAT != "" || m.ID != 1 || m.Username != "" || m.Company != "ACME" {
			t.Errorf("stored %+v", m)
		}
		if roles, err := s.store.RolesOf(t.Context(), m); err != nil || len(roles) != 0 {
			t.Errorf("roles %v %v", roles, err)
		}
	})
}

func TestCheckbox(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, register.Config{Fields: []register.Field{{Name: "terms", Label: "I agree", Type: "checkbox", Required: true, Set: func(doorward.User, string) error { return nil }}}}, nil)
		b := s.browser(asJSON)
		if r := b.post("/register", good()); r.errors() != "terms: FIELD_NOT_PROVIDED" {
			t.Errorf("without it: %d %s", r.status, r.errors())
		}
		if r := b.post("/register", with(fields{"terms": "true", "email": "x"})); r.errors() != "email: INVALID_EMAIL_ADDRESS" || !asJSON && !strings.Contains(r.body, `name="terms" type="checkbox" value="true" checked`) {
			t.Errorf("with it: %d %s", r.status, r.body)
		}
		if r := b.post("/register", with(fields{"terms": "true"})); r.errors() != "" || len(s.users()) != 1 {
			t.Errorf("in the end: %d %s", r.status, r.body)
		}
	})
}

func TestFieldsOffAreIgnored(t *testing.T) {
	s := newSite(t, register.Config{NoConfirm: true}, nil)
	if r := s.browser(true).post("/register", fields{"email": "new@example.com", "password": goodPassword, "username": 5, "password_confirm": 5}); r.status != 200 {
		t.Errorf("answer %d %s", r.status, r.body)
	}
}

func TestDefaultRoles(t *testing.T) {
	s := newSite(t, register.Config{DefaultRoles: []string{"member"}}, nil)
	if r := s.browser(true).post("/register", good()); r.status != 500 || len(s.users()) != 0 {
		t.Errorf("without the role: %d, %d users", r.status, len(s.users()))
	}
	if err := s.store.CreateRole(t.Context(), doorward.Role{Name: "member"}); err != nil {
		t.Fatal(err)
	}
	if r := s.browser(true).post("/register", good()); r.status != 200 {
		t.Errorf("with the role: %d %s", r.status, r.body)
	}
	if roles, err := s.store.RolesOf(t.Context(), s.users()[0]); err != nil || len(roles) != 1 || roles[0].Name != "member" {
		t.Errorf("roles %v %v", roles, err)
	}
}

func TestTarget(t *testing.T) {
	for _, c := range []struct{ view, query, next, want string }{
		{want: "/"},
		{view: "/welcome", want: "/welcome"},
		{view: "/welcome", query: "?next=/q", want: "/q"},
		{view: "/welcome", query: "?next=/q", next: "/form", want: "/form"},
	} {
		s := newSite(t, register.Config{PostRegister: c.view}, func(d *doorward.Config) { d.URLs.PostLogin = "/login-target" })
		send := good()
		if c.next != "" {
			send["next"] = c.next
		}
		if r := s.browser(false).post("/register"+c.query, send); r.header.Get("Location") != c.want {
			t.Errorf("%+v: %d to %q", c, r.status, r.header.Get("Location"))
		}
	}
}

func TestGet(t *testing.T) {
	s := newSite(t, register.Config{PasswordLength: 9, Fields: []register.Field{company()}}, nil)
	r := s.browser(true).get("/register")
	if r.status != 200 || len(r.response) != 1 || r.response["csrf_token"] == nil {
		t.Errorf("JSON %d %s", r.status, r.body)
	}
	r = s.browser(false).get("/register?next=/after")
	for _, want := range []string{`name="email"`, `name="password"`, `name="password_confirm"`, `autocomplete="new-password"`, `name="company"`, ">Company<", `value="/after"`, "At least 9 characters."} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(r.body, `name="username"`) {
		t.Error("the page has a username")
	}
}

func TestCaller(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, register.Config{}, nil)
		b := s.browser(asJSON)
		b.post("/register", good())
		r := b.post("/register", with(fields{"email": "second@example.com"}))
		if asJSON && (r.status != 400 || fmt.Sprint(r.response["errors"]) != "[ANONYMOUS_USER_REQUIRED]") || !asJSON && r.status != 302 {
			t.Errorf("signed in: %d %s", r.status, r.body)
		}
		if r := s.browser(true).do(http.MethodPost, "/register", "application/json", `{"email":"x@example.com"}`); r.status != 400 || !strings.Contains(r.errors(), "csrf_token: ") {
			t.Errorf("without a token: %d %s", r.status, r.body)
		}
		if n := len(s.users()); n != 1 {
			t.Errorf("%d users", n)
		}
	})
}

// gate refuses everybody, as one for confirmed addresses does.
type gate struct{ err error }

func (gate) Name() string                                     { return "gate" }
func (gate) Init(*doorward.Runtime) error                     { return nil }
func (g gate) Admit(context.Context, *doorward.Attempt) error { return g.err }

// TestNotSignedIn: what stops the sign-in does not undo the registration.
func TestNotSignedIn(t *testing.T) {
	for name, refusal := range map[string]error{"gate": doorward.Fail("email", "CONFIRMATION_REQUIRED"), "trouble": errors.New("no connection")} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				s := newSite(t, register.Config{PostRegister: "/welcome"}, nil, gate{refusal})
				b := s.browser(asJSON)
				r := b.post("/register", good())
				switch {
				case asJSON && (r.status != 200 || len(r.response) != 2 || r.response["user"] == nil || r.response["csrf_token"] == nil):
					t.Errorf("answer %d %s", r.status, r.body)
				case !asJSON && (r.status != 302 || r.header.Get("Location") != "/welcome"):
					t.Errorf("answer %d to %s", r.status, r.header.Get("Location"))
				}
				if page := b.get("/register").body; !asJSON && (!strings.Contains(page, "REGISTERED") || strings.Contains(page, "CONFIRMATION_REQUIRED") != (name == "gate")) {
					t.Errorf("flashes on %s", page)
				}
				if got := s.fired(); got != "Registered" {
					t.Errorf("events %s", got)
				}
				if got := b.whoami(); got != "nobody" {
					t.Errorf("signed in: %s", got)
				}
				if logged := strings.Contains(s.log.String(), "no connection"); logged != (name == "trouble") {
					t.Errorf("log %s", s.log.String())
				}
			})
		})
	}
}

func TestBusy(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, register.Config{Hasher: failing{password.ErrBusy}}, nil)
		r := s.browser(asJSON).post("/register", good())
		if r.status != 503 || r.header.Get("Retry-After") == "" || len(s.users()) != 0 {
			t.Errorf("answer %d, Retry-After %q", r.status, r.header.Get("Retry-After"))
		}
		s = newSite(t, register.Config{Hasher: failing{password.ErrTooLong}}, nil)
		if r := s.browser(asJSON).post("/register", good()); r.errors() != "password: PASSWORD_TOO_LONG" {
			t.Errorf("answer %d %s", r.status, r.errors())
		}
	})
}

type failing struct{ err error }

func (f failing) Hash(context.Context, string) (string, error) { return "", f.err }

func TestStartErrors(t *testing.T) {
	set := func(doorward.User, string) error { return nil }
	ok := register.Config{Hasher: failing{}, Policy: &password.Policy{}}
	for want, change := range map[string]func(*register.Config){
		"no password hasher":     func(c *register.Config) { c.Hasher = nil },
		"no password policy":     func(c *register.Config) { c.Policy = nil },
		"PASSWORD_REQUIRED":      func(c *register.Config) { c.PasswordOptional = true },
		"no mails can be sent":   func(c *register.Config) { c.PasswordOptional, c.CodesByMail = true, true },
		"is not complete":        func(c *register.Config) { c.Fields = []register.Field{{Name: "x"}} },
		"email is there already": func(c *register.Config) { c.Fields = []register.Field{{Name: "email", Set: set}} },
		"twice is there already": func(c *register.Config) {
			c.Fields = []register.Field{{Name: "twice", Set: set}, {Name: "twice", Set: set}}
		},
		"type file is not known": func(c *register.Config) { c.Fields = []register.Field{{Name: "x", Type: "file", Set: set}} },
	} {
		cfg := ok
		change(&cfg)
		_, err := doorward.New(doorward.Config{Stores: doorward.StoresFrom(memstore.New[member]()), SecretKey: []byte("0123456789abcdef")}, register.New(cfg))
		var ce *doorward.ConfigError
		if !errors.As(err, &ce) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
