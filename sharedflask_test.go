package doorward_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/flaskcompat"
)

// flask does to the cookies of a browser what a Flask application would, by code
// that shares nothing with what is tested.
type flask struct {
	tb  testing.TB
	now func() time.Time
}

// keys are what a session cookie holds.
type keys map[string]any

func mac(key, msg []byte) []byte {
	m := hmac.New(sha1.New, key)
	m.Write(msg)
	return m.Sum(nil)
}

func (f flask) write(b *kit.Browser, k keys) {
	f.tb.Helper()
	payload, err := json.Marshal(k)
	if err != nil {
		f.tb.Fatal(err)
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(f.now().Unix()))
	text := base64.RawURLEncoding.EncodeToString(payload) + "." + base64.RawURLEncoding.EncodeToString(bytes.TrimLeft(at, "\x00"))
	sum := mac(mac([]byte(kit.SecretKey), []byte("cookie-session")), []byte(text))
	b.SetCookie("session", text+"."+base64.RawURLEncoding.EncodeToString(sum))
}

func (f flask) read(b *kit.Browser) keys {
	f.tb.Helper()
	text, compressed := strings.CutPrefix(b.Cookie("session"), ".")
	text, _, _ = strings.Cut(text, ".")
	payload, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && compressed {
		var z io.ReadCloser
		if z, err = zlib.NewReader(bytes.NewReader(payload)); err == nil {
			payload, err = io.ReadAll(z)
		}
	}
	k := keys{}
	if err == nil && len(payload) > 0 {
		err = json.Unmarshal(payload, &k)
	}
	if err != nil {
		f.tb.Fatalf("what Flask reads: %v", err)
	}
	return k
}

// signIn is what Flask's login_user does.
func (f flask) signIn(b *kit.Browser, u doorward.User) {
	f.tb.Helper()
	k := f.read(b)
	k["_user_id"], k["_fresh"], k["_id"], k["fs_cc"] = u.SecurityAccount().Uniquifier, true, identifier(b), "set"
	k["fs_paa"] = float64(f.now().UnixMicro()) / 1e6
	if k["csrf_token"] == nil {
		k["csrf_token"] = strings.Repeat("ab", 20)
	}
	f.write(b, k)
}

// signOut is what its logout_user does.
func (f flask) signOut(b *kit.Browser) {
	f.tb.Helper()
	k := f.read(b)
	for _, name := range []string{"_user_id", "_fresh", "_id", "fs_paa", "fs_gexp", "csrf_token"} {
		delete(k, name)
	}
	k["fs_cc"] = "clear"
	f.write(b, k)
}

// identifier is Flask-Login's: it writes Python's bytes into the text.
func identifier(b *kit.Browser) string {
	host, _, _ := strings.Cut(b.Addr, ":")
	sum := sha512.Sum512([]byte("b'" + host + "'|b'" + b.Agent + "'"))
	return hex.EncodeToString(sum[:])
}

func beside(t testing.TB, edit func(*batteries.Config)) (*kit.App, flask) {
	app := kit.New(t, func(c *batteries.Config) {
		kit.Everything(c)
		c.Flask = &flaskcompat.Config{}
		if edit != nil {
			edit(c)
		}
	})
	return app, flask{t, app.Clock.Now}
}

func mustBe(t *testing.T, b *kit.Browser, who, when string) {
	t.Helper()
	if got := b.WhoAmI(); got != who {
		t.Errorf("%s: %q is signed in, want %q", when, got, who)
	}
}

func stored(app *kit.App, email string) doorward.User {
	u, err := app.Accounts().Find(context.Background(), email)
	if err != nil {
		u = app.Stores.Admin.NewUser() // nobody's
	}
	return u
}

func rows(t *testing.T, app *kit.App, u doorward.User) int {
	t.Helper()
	all, err := app.Accounts().Sessions(t.Context(), stored(app, u.SecurityAccount().Email))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Whoever signed in at one is signed in at the other.
func TestSharedBegin(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)

	theirs := app.Browser()
	f.signIn(theirs, u)
	mustBe(t, theirs, joe, "signed in by Flask")
	if n := rows(t, app, u); n != 0 {
		t.Errorf("%d rows of a session that Flask began", n)
	}
	theirs.Get("/change").Want(200)

	ours := app.Browser()
	ours.LoginAs(u)
	k := f.read(ours)
	if k["_user_id"] != u.SecurityAccount().Uniquifier || k["_fresh"] != true || k["_id"] != identifier(ours) {
		t.Errorf("Flask reads %v", k)
	}
	if paa, _ := k["fs_paa"].(float64); time.Duration(float64(f.now().Unix())-paa)*time.Second > time.Second {
		t.Errorf("fs_paa %v at %d", k["fs_paa"], f.now().Unix())
	}
	if csrf, _ := k["csrf_token"].(string); len(csrf) != 40 {
		t.Errorf("csrf_token %v", k["csrf_token"])
	}
	if n := rows(t, app, u); n != 1 {
		t.Errorf("%d rows of a session of ours", n)
	}
}

// What ends a session that Flask began, and what does not.
func TestSharedEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(app *kit.App, f flask, b *kit.Browser, u doorward.User)
		copy string // whom a copy signs in that was saved before
	}{
		"signed out there": {func(_ *kit.App, f flask, b *kit.Browser, _ doorward.User) { f.signOut(b) }, joe},
		"signed out here": {func(_ *kit.App, _ flask, b *kit.Browser, _ doorward.User) {
			b.PostForm("/logout", kit.Fields{}).Want(302)
		}, joe},
		"rotated": {func(app *kit.App, _ flask, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Uniquifier = doorward.NewUniquifier() })
		}, ""},
		"switched off": {func(app *kit.App, _ flask, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Active = false })
		}, ""},
		"all ended": {func(app *kit.App, _ flask, _ *kit.Browser, u doorward.User) {
			_, _ = app.Accounts().EndSessions(t.Context(), u)
		}, ""},
		"too old": {func(app *kit.App, _ flask, _ *kit.Browser, _ doorward.User) { app.Clock.Advance(31 * 24 * time.Hour) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			app, f := beside(t, nil)
			u := app.NewUser(joe)
			b := app.Browser()
			f.signIn(b, u)
			mustBe(t, b, joe, "before")
			saved := b.Clone()
			c.end(app, f, b, u)
			mustBe(t, b, "", "after")
			if k := f.read(b); k["_user_id"] != nil && name != "too old" {
				t.Errorf("Flask still reads %v", k)
			}
			mustBe(t, saved, c.copy, "a saved copy")
		})
	}
}

// A session of ours ends with Flask's sign-out, and no copy outlives that here.
func TestSharedRowEnds(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(app *kit.App, f flask, b *kit.Browser)
		after string
	}{
		"signed out there":                {func(_ *kit.App, f flask, b *kit.Browser) { f.signOut(b) }, ""},
		"signed out by Flask-Login alone": {func(_ *kit.App, f flask, b *kit.Browser) { k := f.read(b); delete(k, "_user_id"); f.write(b, k) }, ""},
		"signed out and in there": {func(app *kit.App, f flask, b *kit.Browser) {
			f.signOut(b)
			f.signIn(b, stored(app, joe))
		}, joe},
		"another user there": {func(app *kit.App, f flask, b *kit.Browser) { f.signIn(b, stored(app, jane)) }, jane},
		"ended elsewhere": {func(app *kit.App, _ flask, _ *kit.Browser) {
			u := stored(app, joe)
			all, _ := app.Accounts().Sessions(t.Context(), u)
			_ = app.Accounts().EndSession(t.Context(), u, all[0].IDHash)
		}, ""},
		"password changed there": {func(app *kit.App, f flask, b *kit.Browser) {
			u := stored(app, joe)
			app.Change(u, func(a *doorward.Account) { a.Uniquifier = doorward.NewUniquifier() })
			f.signIn(b, stored(app, joe))
		}, joe},
	} {
		t.Run(name, func(t *testing.T) {
			app, f := beside(t, nil)
			u := app.NewUser(joe)
			app.NewUser(jane)
			b := app.Browser()
			b.LoginAs(u)
			saved := b.Clone()
			mustBe(t, saved, joe, "before")
			c.do(app, f, b)
			mustBe(t, b, c.after, "after")
			if k := f.read(b); (k["_user_id"] != nil) != (c.after != "") {
				t.Errorf("Flask reads %v", k)
			}
			mustBe(t, saved, "", "a saved copy")
			if n := rows(t, app, u); n != 0 {
				t.Errorf("%d rows are left", n)
			}
			mustBe(t, b, c.after, "a request later")
		})
	}
}

// Proof of a credential at one counts at the other.
func TestSharedFreshness(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	fresh := func(b *kit.Browser) bool {
		b.JSON = true
		return b.Get("/tf-setup").Status == 200
	}
	theirs, ours := app.Browser(), app.Browser()
	f.signIn(theirs, u)
	ours.LoginAs(u)
	if !fresh(theirs) || !fresh(ours) {
		t.Error("not fresh at first")
	}
	app.Clock.Advance(26 * time.Hour)
	if fresh(theirs) || fresh(ours) {
		t.Error("fresh after a day")
	}
	k := f.read(ours) // Flask's /verify
	k["fs_paa"] = float64(f.now().UnixMicro()) / 1e6
	f.write(ours, k)
	if !fresh(ours) {
		t.Error("Flask's proof does not count")
	}
	theirs.Get("/verify") // its token
	before := theirs.Clone()
	theirs.Post("/verify", kit.Fields{"password": kit.Password}).Want(200)
	if !fresh(theirs) {
		t.Error("ours does not count in a session that Flask began")
	}
	if paa, _ := f.read(theirs)["fs_paa"].(float64); int64(paa) != f.now().Unix() {
		t.Errorf("fs_paa %v", f.read(theirs)["fs_paa"])
	}
	if n := rows(t, app, u); n != 2 {
		t.Errorf("%d rows after a proof in each session", n)
	}
	if fresh(before) {
		t.Error("a copy from before is fresh")
	}
	other := theirs.Clone() // stolen, or moved
	other.Addr = "203.0.113.9:1"
	if fresh(other) {
		t.Error("fresh from another address")
	}
	future := app.Browser()
	f.signIn(future, u)
	k = f.read(future)
	k["fs_paa"], k["fs_gexp"] = float64(f.now().Unix()+86400), f.now().Unix()+1e6
	f.write(future, k)
	if fresh(future) {
		t.Error("fresh by a proof in the future")
	}
}

// A change of the account ends what Flask began elsewhere, and this browser goes on.
func TestSharedRenew(t *testing.T) {
	for name, do := range map[string]func(b *kit.Browser){
		"password": func(b *kit.Browser) {
			b.PostForm("/change", kit.Fields{"password": kit.Password, "new_password": "an entirely new one", "new_password_confirm": "an entirely new one"}).Want(302)
		},
		"sign out elsewhere": func(b *kit.Browser) { b.PostForm("/sessions", kit.Fields{"all": "true"}).Want(302) },
	} {
		t.Run(name, func(t *testing.T) {
			app, f := beside(t, nil)
			u := app.NewUser(joe)
			here, there, rowed := app.Browser(), app.Browser(), app.Browser()
			f.signIn(here, u)
			f.signIn(there, u)
			rowed.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
			here.SetCookie("remember_token", rowed.Cookie("remember_token"))
			saved := here.Clone()
			do(here)
			mustBe(t, here, joe, "this browser")
			mustBe(t, there, "", "another of Flask's")
			mustBe(t, rowed, "", "one of ours")
			mustBe(t, saved, "", "a copy")
			here.SetCookie("session", "")
			mustBe(t, here, joe, "this browser, remembered")
		})
	}
}

// Remember-me is Flask's cookie.
func TestSharedRemember(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
	uid := u.SecurityAccount().Uniquifier
	m := hmac.New(sha512.New, []byte(kit.SecretKey))
	m.Write([]byte(uid))
	if want := uid + "|" + hex.EncodeToString(m.Sum(nil)); b.Cookie("remember_token") != want {
		t.Fatalf("remember_token %q, want %q", b.Cookie("remember_token"), want)
	}
	b.SetCookie("session", "")
	cleared := b.Clone()
	f.write(cleared, keys{"_remember": "clear"})
	mustBe(t, b, joe, "remembered")
	mustBe(t, cleared, "", "remembered, and Flask is about to clear it")
	if k := f.read(b); k["_fresh"] != false || k["fs_paa"] != nil || k["_user_id"] != uid {
		t.Errorf("Flask reads %v", k)
	}
	if res := b.Get("/tf-setup"); res.Status != 302 {
		t.Errorf("who was remembered is fresh: %d", res.Status)
	}
	for _, bad := range []string{uid, uid + "|", uid + "|" + strings.Repeat("0", 128), "|" + strings.Repeat("0", 128), "x" + b.Cookie("remember_token")} {
		other := app.Browser()
		other.SetCookie("remember_token", bad)
		mustBe(t, other, "", bad)
	}
	saved := b.Clone()
	b.PostForm("/logout", kit.Fields{}).Want(302)
	if b.Cookie("remember_token") != "" {
		t.Error("signing out leaves the remember-me cookie")
	}
	app.Change(u, func(a *doorward.Account) { a.Uniquifier = doorward.NewUniquifier() })
	saved.SetCookie("session", "")
	mustBe(t, saved, "", "remembered before the uniquifier rotated")
}

// What the Flask application keeps in the cookie goes through untouched.
func TestSharedKeysOfOthers(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	cart := map[string]any{" t": []any{"a<b>", 1.5, nil, map[string]any{" d": "Tue, 14 Nov 2023 22:13:20 GMT"}}}
	f.write(b, keys{"cart": cart, "_permanent": true, "_flashes": []any{map[string]any{" t": []any{"info", "Hällo"}}}})
	b.Get("/login").Contains("Hällo")
	if k := f.read(b); k["_flashes"] != nil {
		t.Errorf("and stays: %v", k)
	}
	same := func(when string) {
		t.Helper()
		got, _ := json.Marshal(f.read(b)["cart"])
		if want, _ := json.Marshal(cart); string(got) != string(want) || f.read(b)["_permanent"] != true {
			t.Errorf("%s: %v", when, f.read(b))
		}
	}
	same("anonymous")
	b.LoginAs(u)
	same("signed in")
	b.PostForm("/logout", kit.Fields{}).Want(302)
	same("signed out")
	b.PostForm("/login", kit.Fields{"email": joe, "password": "wrong"}).Want(200)
	same("refused")
}

// CSRF tokens of Flask's pages are good here, of this session.
func TestSharedCSRF(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	f.signIn(b, u)
	sign := func(secret string, at time.Time) string {
		payload, _ := json.Marshal(secret)
		ts := bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, uint64(at.Unix())), "\x00")
		text := base64.RawURLEncoding.EncodeToString(payload) + "." + base64.RawURLEncoding.EncodeToString(ts)
		key := sha1.Sum([]byte("wtf-csrf-token" + "signer" + kit.SecretKey))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac(key[:], []byte(text)))
	}
	secret, _ := f.read(b)["csrf_token"].(string)
	b.NoCSRF, b.JSON = true, true
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"of the session": {sign(secret, f.now()), 200},
		"of another":     {sign(strings.Repeat("cd", 20), f.now()), 400},
		"too old":        {sign(secret, f.now().Add(-61*time.Minute)), 400},
		"too new":        {sign(secret, f.now().Add(time.Hour)), 400},
		"none":           {"", 400},
		"secret itself":  {secret, 400},
	} {
		res := b.Clone().PostJSON("/verify", kit.Fields{"password": kit.Password, "csrf_token": c.token})
		if res.Status != c.want {
			t.Errorf("%s: %d, want %d", name, res.Status, c.want)
		}
	}
}
