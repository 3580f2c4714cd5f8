package interop_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

// cookieAsk is a cookie that the original is asked about, and who it is for.
type cookieAsk struct {
	Value string   `json:"value"`
	Keys  []string `json:"keys"`
	Now   int64    `json:"now"`
}

// cookieAnswer is what it makes of one. Others are the application's own keys, and
// what Python prints of them.
type cookieAnswer struct {
	Signed int64
	Reads  struct {
		User, Mark               string
		Fresh, Permanent, Forget bool
		PAA, GExp                float64
		CSRF, Own                any
		Flashes                  [][]string
		Others                   [][]string
	}
}

// What this library writes as a session is one for the original.
func TestRowsSessionCookie(t *testing.T) {
	python(t)
	now := time.Unix(1700000000, 0)
	keys := []string{"a secret of the application", "another one"}
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(keys[0]), SecretKeyFallbacks: keys[1:]})
	if err != nil {
		t.Fatal(err)
	}
	csrf := bytes.Repeat([]byte{0xAB}, 20)
	for name, c := range map[string]codec.Cookie{
		"a visitor":     {CSRF: csrf},
		"a user":        {User: "u", Fresh: true, AuthnAt: now.Add(-250 * time.Millisecond), Mark: "m", CSRF: csrf, Own: "own"},
		"all there is":  {User: "jürgen-密-🔑<&>", AuthnAt: now, GraceUntil: now.Add(time.Hour), Forget: true, Permanent: true, Own: `"\`},
		"messages":      {Flashes: []codec.Flash{{Category: "error", Text: "a <b>\n\x01ü"}, {}}},
		"a long cookie": {User: "u", Fresh: true, Own: strings.Repeat("0123456789", 300)},
	} {
		t.Run("no database/session cookie of "+name+"/doorward to flask", func(t *testing.T) {
			value, err := set.Session.Seal(c, now)
			if err != nil {
				t.Fatal(err)
			}
			compareCookie(t, askFlask(t, cookieAsk{value, keys, now.Unix()})[0], c, now)
		})
	}
}

func compareCookie(t *testing.T, got cookieAnswer, c codec.Cookie, now time.Time) {
	t.Helper()
	want := cookieAnswer{Signed: now.Unix()}
	r := &want.Reads
	r.User, r.Mark, r.Fresh, r.Permanent, r.Forget, r.Flashes = c.User, c.Mark, c.Fresh, c.Permanent, c.Forget, [][]string{}
	if !c.AuthnAt.IsZero() {
		r.PAA = float64(c.AuthnAt.UnixMicro()) / 1e6
	}
	if !c.GraceUntil.IsZero() {
		r.GExp = float64(c.GraceUntil.Unix())
	}
	if c.CSRF != nil {
		r.CSRF = hex.EncodeToString(c.CSRF)
	}
	if c.Own != "" {
		r.Own = c.Own
	}
	for _, f := range c.Flashes {
		r.Flashes = append(r.Flashes, []string{f.Category, f.Text})
	}
	if r.Others = [][]string{}; c.User != "" {
		r.Others = [][]string{{"fs_cc", "'set'"}}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the original reads %+v\nnot %+v", got, want)
	}
}

// What the original keeps in a session is the same after this library has read and
// written it.
func TestRowsSessionSurvives(t *testing.T) {
	python(t)
	var before, after []cookieAsk
	var names []string
	for _, c := range sessionCookies(t) {
		set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(c.Keys[0]), SecretKeyFallbacks: c.Keys[1:]})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(c.Now, 0)
		cookie, err := set.Session.Open(c.Value, now)
		if err != nil {
			continue // what it reads and refuses is tested where the vectors are
		}
		value, err := set.Session.Seal(cookie, now)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if value != "" && !slices.Contains(oddCookies, c.Name) {
			names = append(names, c.Name)
			before = append(before, c.cookieAsk)
			after = append(after, cookieAsk{value, c.Keys, c.Now})
		}
	}
	if len(names) < 40 {
		t.Fatalf("%d cookies only", len(names))
	}
	t.Run("no database/session cookies of flask/doorward to flask", func(t *testing.T) {
		was, is := askFlask(t, before...), askFlask(t, after...)
		for i, name := range names {
			was[i].Signed, is[i].Signed = 0, 0
			if r := &was[i].Reads; r.User == "" { // without one these mean nothing, and are left out
				r.Fresh, r.Mark, r.PAA, r.GExp = false, "", 0, 0
			}
			if !reflect.DeepEqual(was[i], is[i]) {
				t.Errorf("%s: was %+v\nis %+v", name, was[i], is[i])
			}
		}
	})
}

// oddCookies have keys of types that the original never gives them.
var oddCookies = []string{"text for a time", "lists for all", "times that are none", "a time far ahead", "a time of many digits", "fresh as a number"}

type sessionCookie struct {
	Name  string
	Reads any
	cookieAsk
}

func sessionCookies(t *testing.T) (all []sessionCookie) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, "session.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(c sessionCookie) bool { return c.Reads == nil })
}

// askFlask returns what the original makes of cookies.
func askFlask(t *testing.T, asks ...cookieAsk) (answers []cookieAnswer) {
	t.Helper()
	var in, said bytes.Buffer
	for _, ask := range asks {
		if err := json.NewEncoder(&in).Encode(ask); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python(t), "-B", filepath.Join(testdata, "vectors_session.py"))
	cmd.Stdin, cmd.Stderr = &in, &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	for dec.More() {
		var a cookieAnswer
		if err := dec.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(asks) {
		t.Fatalf("%d answers to %d questions: %s", len(answers), len(asks), &said)
	}
	return answers
}
