package flaskcompat_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
)

var epoch = time.Unix(1700000000, 0)

func csrfSecret(first byte) []byte { return append([]byte{first}, make([]byte, 19)...) }

const zeros = "00000000000000000000000000000000000000" // 19 bytes

func full() codec.Cookie {
	return codec.Cookie{
		User: "ü<&>", Fresh: true, AuthnAt: epoch.Add(250 * time.Millisecond), GraceUntil: epoch.Add(90500 * time.Millisecond),
		Mark: "ab", Forget: true, Permanent: true, CSRF: csrfSecret(0xab), Own: `"\`,
		Flashes: []codec.Flash{{Category: "error", Text: "a\n<b>\x01"}, {}},
	}
}

func TestSessionSeal(t *testing.T) {
	tests := map[string]struct {
		cookie codec.Cookie
		want   string
	}{
		"all": {full(), `{"_user_id":"ü<&>","_fresh":true,"_id":"ab","fs_paa":1700000000.25,"fs_gexp":1700000090,"fs_cc":"set",` +
			`"_remember":"clear","_permanent":true,"csrf_token":"ab` + zeros + `",` +
			`"_flashes":[{" t":["error","a\n<b>\u0001"]},{" t":["",""]}],"_doorward":"\"\\"}`},
		"a user":         {codec.Cookie{User: "u"}, `{"_user_id":"u","_fresh":false,"fs_cc":"set"}`},
		"whole seconds":  {codec.Cookie{User: "u", AuthnAt: epoch}, `{"_user_id":"u","_fresh":false,"fs_paa":1700000000.0,"fs_cc":"set"}`},
		"a secret":       {codec.Cookie{CSRF: csrfSecret(0)}, `{"csrf_token":"00` + zeros + `"}`},
		"nobody's times": {codec.Cookie{Fresh: true, AuthnAt: epoch, GraceUntil: epoch, Mark: "m", Own: "o"}, `{"_doorward":"o"}`},
		"not UTF-8":      {codec.Cookie{Flashes: []codec.Flash{{Text: "a\xff"}}}, "{\"_flashes\":[{\" t\":[\"\",\"a\uFFFD\"]}]}"},
		"nothing":        {codec.Cookie{SignedAt: epoch, CSRF: []byte{}, Flashes: []codec.Flash{}}, "{}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := resealed(t, newSession(t, sessionKey), tt.cookie, epoch); got != tt.want {
				t.Errorf("wrote %s\nnot   %s", got, tt.want)
			}
		})
	}
}

func TestSessionSealRefuses(t *testing.T) {
	for name, c := range map[string]codec.Cookie{
		"user that is not UTF-8":   {User: "\xff"},
		"user with a NUL":          {User: "a\x00"},
		"mark that is not UTF-8":   {User: "u", Mark: "\xff"},
		"ours that is not UTF-8":   {Own: "\xff"},
		"secret of another length": {CSRF: make([]byte, 19)},
		"rest of another codec":    {Rest: "rest"},
		"more than it would read":  {Own: strings.Repeat("x", 64<<10)},
	} {
		if value, err := newSession(t, sessionKey).Seal(c, epoch); err == nil || value != "" {
			t.Errorf("%s: sealed %.100q", name, value)
		}
	}
}

// Long cookies are compressed, short ones are not, as the original does it.
func TestSessionIsCompressed(t *testing.T) {
	s := newSession(t, sessionKey)
	for text, packed := range map[string]bool{"x": false, strings.Repeat("x", 100): true} {
		if value := sealed(t, s, codec.Cookie{Own: text}, epoch); strings.HasPrefix(value, ".") != packed {
			t.Errorf("%d bytes: %s", len(text), value)
		}
	}
}

const (
	signedIn = `"_user_id":"u","_fresh":true,"_id":"m","fs_paa":1.5,"fs_gexp":2,"csrf_token":"ab` + zeros + `"`
	theApps  = `"cart":[1],"next":"/x","_state_x_y":{"exp":1},"mytf_x":true`
	passing  = `"fs_cc":"sent","tf_state":"ready","tf_user_id":"v","tf_totp_secret":"s","tf_new":1,"fs_oauth_next":"/","identity.name":"u","identity.auth_type":"x","_remember":"set","_remember_seconds":1.5`
)

// What one sign-in left behind is of no use to the next one; what the application
// keeps is not ours to remove.
func TestSessionEnds(t *testing.T) {
	another := func(c *codec.Cookie) { c.User, c.CSRF = "v", csrfSecret(1) }
	out := func(c *codec.Cookie) { *c = codec.Cookie{Rest: c.Rest, SignedAt: c.SignedAt} }
	tests := map[string]struct {
		before string
		change func(*codec.Cookie)
		want   string
	}{
		"nothing":                  {signedIn + "," + passing + "," + theApps, func(*codec.Cookie) {}, signedIn + "," + passing + "," + theApps},
		"sign-out":                 {signedIn + "," + passing + "," + theApps, out, theApps},
		"sign-out, nothing else":   {signedIn + "," + passing, out, ""},
		"sign-out, another form":   {`"_user_id":"u","csrf_token":"other","a":1`, out, `"a":1`},
		"sign-out, a new secret":   {signedIn + "," + theApps, func(c *codec.Cookie) { out(c); c.CSRF = csrfSecret(1) }, `"csrf_token":"01` + zeros + `",` + theApps},
		"no longer fresh":          {signedIn + "," + passing, func(c *codec.Cookie) { c.Fresh = false }, strings.Replace(signedIn, "true", "false", 1) + "," + passing},
		"another user":             {signedIn + "," + passing + "," + theApps, another, strings.NewReplacer(`"u"`, `"v"`, `"csrf`, `"fs_cc":"set","csrf`, `"ab0`, `"010`).Replace(signedIn) + "," + theApps},
		"the same user once more":  {signedIn + "," + passing + "," + theApps, func(c *codec.Cookie) { c.CSRF = csrfSecret(1) }, strings.NewReplacer(`"csrf`, `"fs_cc":"set","csrf`, `"ab0`, `"010`).Replace(signedIn) + "," + theApps},
		"a first secret":           {`"_user_id":"u","_fresh":true,"fs_cc":"sent"`, func(c *codec.Cookie) { c.CSRF = csrfSecret(0xab) }, `"_user_id":"u","_fresh":true,"csrf_token":"ab` + zeros + `","fs_cc":"sent"`},
		"sign-in":                  {passing + "," + theApps, func(c *codec.Cookie) { c.User = "u" }, `"_user_id":"u","_fresh":false,"fs_cc":"set",` + theApps},
		"a visitor's first secret": {passing + "," + theApps, func(c *codec.Cookie) { c.CSRF = csrfSecret(0xab) }, `"csrf_token":"ab` + zeros + `",` + passing + "," + theApps},
		"a visitor's next secret":  {`"csrf_token":"ab` + zeros + `",` + passing, func(c *codec.Cookie) { c.CSRF = csrfSecret(1) }, `"csrf_token":"01` + zeros + `",` + passing},
		"another form, and ours":   {`"csrf_token":"other","a":1`, func(c *codec.Cookie) { c.CSRF = csrfSecret(1) }, `"csrf_token":"01` + zeros + `","a":1`},
		"forget, not remember":     {`"_user_id":"u","_fresh":true,"_remember":"set"`, func(c *codec.Cookie) { c.Forget = true }, `"_user_id":"u","_fresh":true,"_remember":"clear"`},
		"forgotten":                {`"_remember":"clear","a":1`, func(c *codec.Cookie) { c.Forget = false }, `"a":1`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, sessionKey)
			c, err := s.Open(cookieOf("{"+tt.before+"}", epoch), epoch)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(&c)
			if got := resealed(t, s, c, epoch); got != "{"+tt.want+"}" {
				t.Errorf("wrote %s\nnot   {%s}", got, tt.want)
			}
		})
	}
}

func TestSessionFlashes(t *testing.T) {
	const html = `{" t":["info",{" m":"<b>"}]}`
	add := func(c *codec.Cookie) { c.Flashes = append(c.Flashes, codec.Flash{Category: "c", Text: "t"}) }
	shown := func(c *codec.Cookie) { c.Flashes = nil }
	tests := map[string]struct {
		before string
		change func(*codec.Cookie)
		want   string
	}{
		"more after HTML":         {`[` + html + `]`, add, `{"_flashes":[` + html + `,{" t":["c","t"]}]}`},
		"HTML shown":              {`[` + html + `]`, shown, `{}`},
		"the same text elsewhere": {`[{" t":["c","t"]},` + html + `]`, func(c *codec.Cookie) { c.Flashes = c.Flashes[1:] }, `{"_flashes":[{" t":["info","<b>"]}]}`},
		"text in place of HTML":   {`[` + html + `]`, func(c *codec.Cookie) { shown(c); add(c) }, `{"_flashes":[{" t":["c","t"]}]}`},
		"HTML after text":         {`[{" t":["a","b"]},` + html + `]`, add, `{"_flashes":[{" t":["a","b"]},` + html + `,{" t":["c","t"]}]}`},
		"strange ones stay":       {`[7,{" t":["a","b"]},["x","y"],{" t":[1,"y"]},{" t":["a","b","c"]},{" t":["a"]},{" x":["a","b"]}]`, shown, `{"_flashes":[7,["x","y"],{" t":[1,"y"]},{" t":["a","b","c"]},{" t":["a"]},{" x":["a","b"]}]}`},
		"strange ones come first": {`[{" t":["a","b"]},7]`, add, `{"_flashes":[7,{" t":["a","b"]},{" t":["c","t"]}]}`},
		"no list stays":           {`"x"`, shown, `{"_flashes":"x"}`},
		"no list gives way":       {`{"a":1}`, add, `{"_flashes":[{" t":["c","t"]}]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, sessionKey)
			c, err := s.Open(cookieOf(`{"_flashes":`+tt.before+"}", epoch), epoch)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(&c)
			if got := resealed(t, s, c, epoch); got != tt.want {
				t.Errorf("wrote %s\nnot   %s", got, tt.want)
			}
		})
	}
}

// Rest is nil where there is nothing that must survive.
func TestSessionRest(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: false, `{"_fresh":false}`: false, `{"_flashes":[]}`: false, `{"_flashes":[{" t":["a","b"]}],"_doorward":"x","_permanent":true}`: false,
		`{"_id":"x","fs_paa":5.5}`: false, `{"a":1}`: true, `{"_flashes":7}`: true, `{"_user_id":"u"}`: true,
	} {
		c, err := newSession(t, sessionKey).Open(cookieOf(text, epoch), epoch)
		if err != nil || (c.Rest != nil) != want {
			t.Errorf("%s: %+v, %v", text, c, err)
		}
	}
}

// A cookie may be written more than once from what was read once.
func TestSessionSealLeavesWhatItIsGiven(t *testing.T) {
	s := newSession(t, sessionKey)
	c, err := s.Open(cookieOf("{"+signedIn+","+passing+","+theApps+"}", epoch), epoch)
	if err != nil {
		t.Fatal(err)
	}
	first := resealed(t, s, c, epoch)
	gone := codec.Cookie{Rest: c.Rest}
	if got := resealed(t, s, gone, epoch); !reflect.DeepEqual(got, "{"+theApps+"}") {
		t.Errorf("wrote %s", got)
	}
	if again := resealed(t, s, c, epoch); again != first {
		t.Errorf("wrote %s\nand   %s", first, again)
	}
}
