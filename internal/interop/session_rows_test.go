package interop_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// sessionRows are about who is signed in, and how long.
func (w *world) sessionRows(t *testing.T) {
	t.Helper()
	ways := w.both(plain)
	w.rows(t, "session: values of the application", ways, cartRow)
	w.rows(t, "session: freshness", ways, freshRow)
	w.rows(t, "session: asked for the password again", ways, verifyRow)
	w.rows(t, "session: another user signs in", ways, otherUserRow)
	w.rows(t, "session: another browser", ways, otherBrowserRow)
	w.rows(t, "session: message for the next page", ways, flashRow)
	w.rows(t, "remember cookie", ways, rememberRow)
	w.rows(t, "authentication token", ways, tokenRow)
	w.rows(t, "logout", ways, logoutRow)
	w.rows(t, "logout: saved copy of the cookies", ways, savedRow)
	if w.flask[plain] != w.ours[plain] { // else nobody has commands for it
		w.rows(t, "sessions ended by an operator", ways, endedRow)
		w.rows(t, "session ended by an operator, others not", ways, endedOneRow)
	}
	w.rows(t, "CSRF token", ways, csrfRow)
	w.rows(t, "CSRF token after signing in", ways, csrfSignedInRow)
	w.rows(t, "another CSRF field: token", w.both(renamed), csrfRow)
	w.rows(t, "another CSRF field: after signing in", w.both(renamed), csrfSignedInRow)
	w.rows(t, "another CSRF field: saved copy", w.both(renamed), savedRow)
}

// sessionRow signs in at one side and goes back and forth.
func sessionRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, made)
	v.mustBe(u)
	for range 3 {
		v.on(read).mustBe(u)
		v.on(made).mustBe(u)
	}
	v.put("session", v.cookie("session")+"x")
	v.on(made).mustBeNobody()
	v.on(read).mustBeNobody()
}

// cartRow keeps what the application with the original has in the session, byte
// for byte, whatever the visitor does at the other side.
func cartRow(t *testing.T, u *user, made, read *side) {
	flask := u.world.flask[plain]
	v := u.signIn(t, made)
	v.on(flask).send("/test/cart", fields{}).want(http.StatusOK)
	before := sessionValues(t, v)["cart"]
	if len(before) == 0 {
		t.Fatal("the session has no cart")
	}
	check := func(when string) {
		t.Helper()
		if now := sessionValues(t, v)["cart"]; !bytes.Equal(now, before) {
			t.Fatalf("%s: the cart was\n%s\nand is\n%s", when, before, now)
		}
		v.on(flask).get("/test/cart").want(http.StatusOK).has("same", true)
	}
	v.on(read).mustBe(u)
	check("after a visit")
	v.on(read).mustBeFresh()
	v.on(read).changePassword(u, password+" changed")
	check("after a change of the password")
	v.on(read).logOut()
	check("after signing out")
	v.on(read).signIn(u, fields{"remember": true}).want(http.StatusOK)
	check("after signing in")
	v.on(made).logOut()
	check("after signing out at the other")
}

// sessionValues are the members of the session cookie, as they were written.
func sessionValues(t *testing.T, v *visitor) (values map[string]json.RawMessage) {
	t.Helper()
	cookie := v.cookie("session")
	text, packed := strings.CutPrefix(cookie, ".")
	text, _, _ = strings.Cut(text, ".")
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && packed {
		var r io.Reader
		if r, err = zlib.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(r)
		}
	}
	if err == nil {
		err = json.Unmarshal(body, &values)
	}
	if err != nil {
		t.Fatalf("the session cookie %s: %v", cookie, err)
	}
	return values
}

// freshRow goes to a sensitive page right after signing in at the other side, and
// as a remembered visitor.
func freshRow(t *testing.T, u *user, made, read *side) {
	v := newVisitor(t, made)
	v.signIn(u, fields{"remember": true}).want(http.StatusOK)
	v.on(read).mustBeFresh()
	v.on(made).mustBeFresh()
	v.put("session", "")
	v.on(made).mustBe(u)
	v.on(read).mustBeStale()
	v.on(made).mustBeStale()
}

// verifyRow gives the password again at one side, which the other believes.
func verifyRow(t *testing.T, u *user, made, read *side) {
	v := newVisitor(t, made)
	v.signIn(u, fields{"remember": true}).want(http.StatusOK)
	v.put("session", "")
	v.token = ""
	v.on(read).mustBeStale()
	v.on(made).post("/verify", fields{"password": u.password}).want(http.StatusOK)
	v.on(read).mustBeFresh()
	v.on(made).mustBeFresh()
}

// otherUserRow signs somebody else in, in the same browser.
func otherUserRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, made)
	v.on(read).mustBe(u)
	v.logOut()
	other := join(t, u.world)
	v.on(made).signIn(other, fields{}).want(http.StatusOK)
	v.on(read).mustBe(other)
	v.on(made).mustBe(other)
}

// otherBrowserRow copies the session into a browser of another kind. Ours asks for
// the password again before sensitive pages; the original does so where
// Flask-Login is asked, and not its own pages.
func otherBrowserRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, made).copied()
	v.agent = "another/1.0"
	v.on(read).mustBe(u)
	if read.name == "doorward" {
		v.mustBeStale()
	}
	v.on(made).mustBe(u)
}

// flashRow shows at one side what the other had to say.
func flashRow(t *testing.T, _ *user, made, read *side) {
	page := http.Header{"Accept": {"text/html"}}
	texts := map[string]string{"flask": "You must sign in to view this resource.", "doorward": "Please sign in to see this page."}
	v := newVisitor(t, made)
	v.do(http.MethodGet, "/change", nil, page).leads("/login")
	r := v.on(read).do(http.MethodGet, "/login", nil, page).want(http.StatusOK)
	if !bytes.Contains(r.text, []byte(texts[made.name])) {
		t.Fatalf("%s: does not say %q: %s", r.what, texts[made.name], r.text)
	}
	r = v.on(made).do(http.MethodGet, "/login", nil, page).want(http.StatusOK)
	if bytes.Contains(r.text, []byte(texts[made.name])) {
		t.Fatalf("%s: says %q again", r.what, texts[made.name])
	}
}

// rememberRow comes back without the session cookie.
func rememberRow(t *testing.T, u *user, made, read *side) {
	v := newVisitor(t, made)
	v.signIn(u, fields{"remember": true}).want(http.StatusOK)
	for _, at := range []*side{read, made, read} {
		v.put("session", "")
		v.on(at).mustBe(u)
	}
	v.token = ""
	v.on(read).logOut()
	if v.cookie("remember_token") != "" {
		t.Fatal("the cookie outlives signing out")
	}
	v.on(made).mustBeNobody()

	v = u.signIn(t, made)
	v.on(read).mustBe(u)
	v.put("session", "")
	v.on(read).mustBeNobody()
	v.put("remember_token", "x|y")
	v.on(read).mustBeNobody()
}

// tokenRow uses an authentication token.
func tokenRow(t *testing.T, u *user, made, read *side) {
	token := u.authToken(t, made)
	for _, at := range []*side{read, made} {
		byToken(t, at, at.me, token).want(http.StatusOK).has("email", u.email)
		newVisitor(t, at).get(at.me+"?auth_token="+token).want(http.StatusOK).has("email", u.email)
		byToken(t, at, at.me, token+"x").want(http.StatusUnauthorized)
		byToken(t, at, "/us-setup", token).want(http.StatusOK) // is as fresh as it is new
	}
}

// logoutRow signs out at the side that did not begin the session.
func logoutRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, made)
	v.on(read).mustBe(u)
	v.on(read).logOut()
	v.on(read).mustBeNobody()
	v.on(made).mustBeNobody()

	v.on(made).signIn(u, fields{"remember": true}).want(http.StatusOK)
	v.on(read).mustBe(u)
	v.on(made).logOut()
	v.on(read).mustBeNobody()
	v.on(made).mustBeNobody()
}

// savedRow signs out, with the cookies kept elsewhere. The original keeps no
// list of sessions, and a copy lives on there; our side ends what it began itself,
// when it is signed out there or seen for the first time after that.
func savedRow(t *testing.T, u *user, made, read *side) {
	flask, ours := made, read
	if made.name == "doorward" {
		flask, ours = read, made
	}
	for _, out := range []*side{made, read} {
		v := u.signIn(t, made)
		v.on(read).mustBe(u)
		saved := v.copied()
		v.on(out).logOut()
		v.on(ours).mustBeNobody()
		atOurs, atFlask := saved.copied().on(ours).get(ours.me).status, saved.copied().on(flask).get(flask.me).status
		note(t, "signed out at "+out.name+": "+word(atOurs)+" at "+ours.name+", "+word(atFlask)+" at flask")
		if made.name == "doorward" && atOurs != http.StatusUnauthorized {
			t.Errorf("signed out at %s: the copy is alive at doorward, which began the session", out.name)
		}
	}
}

func word(status int) string {
	if status == http.StatusOK {
		return "alive"
	}
	return "dead"
}

// endedRow ends all sessions by our command, whoever began them.
func endedRow(t *testing.T, u *user, made, read *side) {
	v := newVisitor(t, made)
	v.signIn(u, fields{"remember": true}).want(http.StatusOK)
	v.on(read).mustBe(u)
	u.world.command(t, "", []string{"sessions", "end", u.email, "--all"})
	for _, at := range []*side{read, made} {
		v.copied().on(at).mustBeNobody()
	}
	v.token = ""
	v.on(read).signIn(u, fields{}).want(http.StatusOK)
	v.on(made).mustBe(u)
}

// endedOneRow ends one session by our command, in a browser that is remembered. Only
// those that began at our side can be ended alone.
func endedOneRow(t *testing.T, u *user, made, read *side) {
	if made == u.world.flask[plain] {
		skip(t, "a session that Flask began is in no list")
	}
	lost := newVisitor(t, made)
	lost.signIn(u, fields{"remember": true}).want(http.StatusOK)
	list := u.world.command(t, "", []string{"sessions", "list", u.email})
	mine := u.signIn(t, made)
	mine.on(read).mustBe(u)
	id := regexp.MustCompile(`[0-9a-f]{12}`).FindString(list)
	u.world.command(t, "", []string{"sessions", "end", u.email, id})
	for _, at := range []*side{read, made} {
		lost.copied().on(at).mustBeNobody()
	}
	mine.on(made).mustBe(u)
	mine.on(read).mustBe(u)
}

// csrfRow posts a token of one side to the other, in each way it may be sent.
func csrfRow(t *testing.T, u *user, made, read *side) {
	sign := fields{"email": u.email, "password": u.password}
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for _, send := range []func(v *visitor, token string) *reply{
		func(v *visitor, token string) *reply {
			v.token = token
			return v.send("/login", sign)
		},
		func(v *visitor, token string) *reply {
			body, _ := json.Marshal(sign)
			header := asJSON.Clone()
			header.Set("X-Csrftoken", token)
			return v.do(http.MethodPost, "/login", body, header)
		},
		func(v *visitor, token string) *reply {
			form := url.Values{"email": {u.email}, "password": {u.password}, v.at.csrf: {token}}
			return v.do(http.MethodPost, "/login", []byte(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
		},
	} {
		v := newVisitor(t, made)
		token := v.get("/login").field("csrf_token")
		v.on(read)
		send(v, token+"x").want(http.StatusBadRequest)
		send(v, "").want(http.StatusBadRequest)
		stranger := newVisitor(t, made).get("/login").field("csrf_token")
		send(v, stranger).want(http.StatusBadRequest)
		send(v, token).want(http.StatusOK)
		v.mustBe(u)
	}
}

// csrfSignedInRow does it after signing in, which renews the token at our side.
func csrfSignedInRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, made)
	token := v.get("/login").field("csrf_token")
	v.on(read)
	v.token = token[:len(token)-1]
	v.send("/verify", fields{"password": u.password}).want(http.StatusBadRequest)
	v.token = token
	v.send("/verify", fields{"password": u.password}).want(http.StatusOK)
	token = v.get("/login").field("csrf_token")
	v.on(made).token = token
	v.send("/verify", fields{"password": u.password}).want(http.StatusOK)
}
