package recoverycodes_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/sqlstore"
)

// story runs a test as JSON and as forms, in memory and in a database.
func story(t *testing.T, test func(t *testing.T, s *site, asJSON bool), edit ...func(*batteries.Config)) {
	for _, where := range []string{"memory", testdb.SQLite} {
		for format, asJSON := range map[string]bool{"json": true, "form": false} {
			t.Run(where+"/"+format, func(t *testing.T) {
				test(t, newSite(t, append(edit, func(c *batteries.Config) {
					if where != "memory" {
						c.Stores = sqltest.Stores(where)(t)
					}
				})...), asJSON)
			})
		}
	}
}

var pattern = regexp.MustCompile(`[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}`)

// shown are the codes that an answer shows.
func shown(s *site, res *kit.Response) []string {
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return list(s.App, res)
	}
	codes := pattern.FindAllString(res.Body, -1)
	for _, c := range codes {
		s.Secret(c)
	}
	return codes
}

func TestManage(t *testing.T) {
	story(t, func(t *testing.T, s *site, asJSON bool) {
		b := s.Browser()
		set(s.App, s.joe, "")
		b.LoginAs(s.joe).Want(200)
		b.JSON = asJSON

		// Nobody else looks over the shoulder, unless he is a client's.
		if got := shown(s, b.Get(manage).Want(200)); asJSON && !slices.Equal(got, s.codes) || !asJSON && got != nil {
			t.Errorf("shown are %q, made were %q", got, s.codes)
		}
		if got := shown(s, b.Get(manage+"?show_codes").Want(200)); !slices.Equal(got, s.codes) {
			t.Errorf("shown are %q, made were %q", got, s.codes)
		}

		b.CSRF(manage)
		s.Events.Reset()
		fresh := shown(s, b.Post(manage, kit.Fields{"generate_new_codes": true}).Want(200))
		if len(fresh) != 5 || slices.Contains(fresh, s.codes[0]) {
			t.Errorf("new codes %q after %q", fresh, s.codes)
		}
		if got := s.Events.Names(); !slices.Equal(got, []string{"CodesGenerated"}) {
			t.Errorf("events %q", got)
		}
		if ev := kit.EventsOf[recoverycodes.CodesGenerated](s.Events); len(ev) == 1 && (ev[0].N != 5 || ev[0].User.SecurityAccount().Email != joe) {
			t.Errorf("event %+v", ev)
		}
		if sent := s.Outbox.Sent(); len(sent) != 1 || sent[0].To != joe || pattern.MatchString(sent[0].Text+sent[0].HTML) {
			t.Errorf("mails %+v", sent)
		}
		if got := shown(s, b.Get(manage+"?show_codes=1")); !slices.Equal(got, fresh) {
			t.Errorf("shown are %q, made were %q", got, fresh)
		}
	})
}

func TestManageNone(t *testing.T) {
	s := newSite(t)
	b := s.Browser()
	b.LoginAs(s.NewUser(ann)).Want(200)
	b.Get(manage).Want(200).Lacks("NO_RECOVERY_CODES_SETUP", "show_codes")
	b.Get(manage+"?show_codes").Want(200).Fails("show_codes", "NO_RECOVERY_CODES_SETUP").Lacks("fs-form-errors")
	b.JSON = true
	b.Get(manage+"?show_codes").Want(200).Contains(`"recovery_codes":[]`, `"csrf_token":"`)
}

// TestManageWho: the caller has proved himself lately, and sends the token of
// the page.
func TestManageWho(t *testing.T) {
	s := newSite(t)
	anonymous := s.Browser()
	anonymous.Get(manage).Want(302)
	anonymous.JSON = true
	anonymous.Get(manage).Want(401).Lacks("recovery_codes")

	b := s.Browser()
	set(s.App, s.joe, "")
	b.LoginAs(s.joe).Want(200)
	b.JSON = true
	before := s.stored()
	forged := b.Clone()
	forged.NoCSRF = true
	forged.Post(manage, kit.Fields{}).Want(400)
	s.Clock.Advance(48 * 3600e9)
	b.Get(manage).Want(401).Contains("REAUTHENTICATION_REQUIRED").Lacks("recovery_codes")
	b.Post(manage, kit.Fields{}).Want(401).Lacks("recovery_codes")
	if !slices.Equal(s.stored(), before) {
		t.Error("other codes are stored")
	}
}

// TestManageTooOften: every set is a mail, and there are limits to those.
func TestManageTooOften(t *testing.T) {
	s := newSite(t)
	set(s.App, s.joe, "")
	b := s.Browser()
	b.LoginAs(s.joe).Want(200)
	for range 9 { // one was made before
		b.Post(manage, kit.Fields{}).Want(200)
	}
	before := s.stored()
	b.Post(manage, kit.Fields{}).Want(429)
	if !slices.Equal(s.stored(), before) {
		t.Error("other codes are stored")
	}
}

func TestRecover(t *testing.T) {
	story(t, func(t *testing.T, s *site, asJSON bool) {
		b := waits(s.App, joe, asJSON)
		b.Get(enter).Want(200)
		old := b.Clone()
		s.Events.Reset()
		b.Post(enter, code("0000-0000-0000")).Fails("code", "INVALID_RECOVERY_CODE")
		failed := kit.EventsOf[doorward.AuthnFailed](s.Events)
		if len(failed) != 1 || failed[0].Kind != "code" || !failed[0].SecondFactor {
			t.Errorf("events %+v", failed)
		}
		b.Post(enter, code("")).Fails("code", "Please enter the code.")
		if len(s.stored()) != 5 || len(s.Outbox.Sent()) != 0 || b.WhoAmI() != "" {
			t.Fatal("a wrong code did something")
		}

		s.Events.Reset()
		res := b.Post(enter+"?next=/wanted", code(s.codes[2]))
		if asJSON {
			res.Want(200).Contains(`"user":{}`, `"csrf_token":"`).Lacks("tf_required", "authentication_token")
		} else {
			res.GoesTo("/wanted")
		}
		if got := s.Events.Names(); !slices.Equal(got, []string{"CodeUsed", "Authenticated"}) {
			t.Errorf("events %q", got)
		}
		if ev := kit.EventsOf[recoverycodes.CodeUsed](s.Events); ev[0].Left != 4 || ev[0].User.SecurityAccount().Email != joe {
			t.Errorf("event %+v", ev)
		}
		if ev := kit.EventsOf[doorward.Authenticated](s.Events); !slices.Equal(ev[0].Via, []string{"password", "recovery_code"}) {
			t.Errorf("event %+v", ev)
		}
		if sent := s.Outbox.Sent(); len(sent) != 1 || sent[0].To != joe || !strings.Contains(sent[0].Text, "4 left") {
			t.Errorf("mails %+v", sent)
		}
		if b.WhoAmI() != joe || len(s.stored()) != 4 {
			t.Errorf("signed in is %q, %d codes are left", b.WhoAmI(), len(s.stored()))
		}
		// The sign-in is over, and the code as well.
		old.Post(enter, code(s.codes[3]))
		again := waits(s.App, joe, asJSON)
		again.Post(enter, code(s.codes[2])).Fails("code", "INVALID_RECOVERY_CODE")
		if old.WhoAmI() != "" || again.WhoAmI() != "" {
			t.Error("signed in once more")
		}
	})
}

// TestRecoverNeverTrusts: the lost device may be this one.
func TestRecoverNeverTrusts(t *testing.T) {
	s := newSite(t, func(c *batteries.Config) { c.Second.NotAlways = true })
	b := s.Browser()
	b.JSON = true
	b.Post("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": true}).Want(200)
	res := b.Post(enter, code(s.codes[0])).Want(200)
	if res.Cookie("tf_validity") != nil || b.WhoAmI() != joe {
		t.Error("the browser is trusted, or nobody is in")
	}
}

// TestTyped: people copy codes as they like.
func TestTyped(t *testing.T) {
	s := newSite(t)
	for typed, good := range map[string]bool{
		"%s": true, " %s ": true, "upper": true, "plain": true, "spaced": true, "dashes": true, "pasted": true,
		"%s0": false, "0%s": false, "short": false, "%s%s": false, "": false, "-": false, "----": false, "\u200b": false, "long": false,
	} {
		mine := s.codes[0]
		var text string
		switch typed {
		case "upper":
			text = strings.ToUpper(mine)
		case "plain":
			text = strings.ReplaceAll(mine, "-", "")
		case "spaced":
			text = strings.Join(strings.Split(strings.ReplaceAll(mine, "-", ""), ""), " ")
		case "dashes":
			text = strings.ReplaceAll(mine, "-", "\u2013")
		case "pasted":
			text = "\u200b" + mine + "\u00a0\n"
		case "short":
			text = mine[:13]
		case "long":
			text = mine + strings.Repeat(" ", 64)
		default:
			text = strings.ReplaceAll(typed, "%s", mine)
		}
		b := waits(s.App, joe, true)
		res := b.Post(enter, code(text))
		if (res.Status == 200) != good || (b.WhoAmI() == joe) != good {
			t.Errorf("%q for %q: %d", text, mine, res.Status)
		}
		if good {
			s.codes = s.codes[1:]
			if len(s.codes) == 1 {
				s.codes = generate(t, s.App, s.joe)
				set(s.App, s.joe, "authenticator")
			}
		}
		s.Clock.Advance(24 * 3600e9)
	}
	b := waits(s.App, joe, true)
	for _, v := range []any{123412341234, []string{s.codes[0]}, true, map[string]any{}} {
		b.Post(enter, kit.Fields{"code": v}).Want(400).Fails("code", "API_ERROR")
	}
}

// TestLeft: who has few codes is told more plainly.
func TestLeft(t *testing.T) {
	s := newSite(t)
	for i, want := range []string{"RECOVERY_CODES_LEFT", "RECOVERY_CODES_LEFT", "RECOVERY_CODES_LEFT", "RECOVERY_CODES_ONE_LEFT", "RECOVERY_CODES_NONE_LEFT"} {
		b := waits(s.App, joe, false)
		b.Post(enter, code(s.codes[i])).Want(302)
		if got := b.Get(manage).Flashes(); !slices.Equal(got, []string{want}) {
			t.Errorf("code %d: flashes %q, want %s", i, got, want)
		}
		u, err := s.Accounts().Find(t.Context(), joe)
		if err != nil || s.feature.RecoveryCodesLeft(u) != 4-i {
			t.Errorf("%d are left, %v", s.feature.RecoveryCodesLeft(u), err)
		}
	}
}

func TestReset(t *testing.T) {
	s := newSite(t)
	if err := s.feature.Reset(t.Context(), s.joe); err != nil {
		t.Fatal(err)
	}
	if got := s.Events.Take(); len(s.stored()) != 0 || !slices.Equal(got, []string{"CodesRemoved"}) {
		t.Errorf("%q are stored; events %q", s.stored(), got)
	}
	waits(s.App, joe, true).Post(enter, code(s.codes[0])).Want(400).Fails("code", "INVALID_RECOVERY_CODE")
	s.Delete(s.joe)
	if err := s.feature.Reset(t.Context(), s.joe); !errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("of who is gone: %v", err)
	}
}

// TestColumn: whoever reads the table has no code.
func TestColumn(t *testing.T) {
	db := testdb.Open(t, testdb.SQLite)
	if _, err := sqlstore.Migrate(t.Context(), db.DB, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New[kit.User](db.DB, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	s := newSite(t, func(c *batteries.Config) { c.Stores = doorward.StoresFrom(store) })
	look := func() (column string) {
		if err := db.QueryRowContext(t.Context(), `SELECT coalesce(mf_recovery_codes, '') FROM user`).Scan(&column); err != nil {
			t.Fatal(err)
		}
		for _, c := range s.codes {
			if strings.Contains(column, c) || strings.Contains(column, strings.ReplaceAll(c, "-", "")) {
				t.Errorf("%q holds a code", column)
			}
		}
		return column
	}
	for left := 5; left >= 0; left-- {
		if got := look(); left > 0 && strings.Count(got, ",") != left-1 || left == 0 && got != "" {
			t.Fatalf("%d codes are left, the column is %q", left, got)
		}
		if left > 0 {
			waits(s.App, joe, true).Post(enter, code(s.codes[left-1])).Want(200)
		}
	}
}

func TestConfig(t *testing.T) {
	for name, edit := range map[string]func(*recoverycodes.Config){
		"N is 21":    func(c *recoverycodes.Config) { c.N = 21 },
		"N is -1":    func(c *recoverycodes.Config) { c.N = -1 },
		"has no key": func(c *recoverycodes.Config) { c.Codes.Secrets = nil },
		"TOTP_ISSUER": func(c *recoverycodes.Config) {
			c.Codes.Issuer = ""
		},
	} {
		var f *recoverycodes.Feature
		cfg := recoverycodes.Config{}
		cfg.Codes.Secrets, cfg.Codes.Issuer = map[string]string{"1": kit.SecretKey}, "Site"
		edit(&cfg)
		f = recoverycodes.New(cfg)
		dc := doorward.Config{Stores: sqltest.Stores(testdb.SQLite)(t), SecretKey: []byte(kit.SecretKey)}
		_, err := doorward.New(dc, second{}, f)
		var wrong *doorward.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
