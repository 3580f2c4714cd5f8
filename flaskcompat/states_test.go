package flaskcompat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

func (c signedCase) states(t testing.TB) *flaskcompat.States {
	t.Helper()
	states, err := flaskcompat.NewStates(c.config())
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// testState reads a value and writes it again. said has the names of the original.
func testState[T comparable](t *testing.T, c signedCase, state *flaskcompat.State[T], said func(c signedCase) T) {
	got, at, err := state.Open(c.Value, c.now())
	c.outcome(t, err == nil && !(c.old(at) && !at.IsZero()), err)
	if !c.readable() {
		return
	}
	if want := said(c); got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
	text, err := state.Seal(got, at)
	c.written(t, text, err)
}

func TestStates(t *testing.T) {
	for _, c := range signedCases(t, "tf_setup.json") {
		t.Run("tf-setup/"+c.Name, func(t *testing.T) {
			testState(t, c, c.states(t).TwoFactorSetup, func(c signedCase) (v flaskcompat.TwoFactorSetup) {
				var said struct {
					Secret        string `json:"totp_secret"`
					Method, Phone string
				}
				c.want(t, &said)
				return flaskcompat.TwoFactorSetup{TOTPSecret: said.Secret, Method: said.Method, Phone: said.Phone}
			})
		})
	}
	for _, c := range signedCases(t, "us_setup.json") {
		t.Run("us-setup/"+c.Name, func(t *testing.T) {
			testState(t, c, c.states(t).UnifiedSetup, func(c signedCase) (v flaskcompat.UnifiedSetup) {
				var said struct {
					Secret string `json:"totp_secret"`
					Method string `json:"chosen_method"`
					Phone  string `json:"phone_number"`
				}
				c.want(t, &said)
				return flaskcompat.UnifiedSetup{TOTPSecret: said.Secret, Method: said.Method, Phone: said.Phone}
			})
		})
	}
}

func TestPasskeyStates(t *testing.T) {
	type said struct {
		Challenge, Name, Usage string
		UV                     bool `json:"user_verification"`
	}
	for _, c := range signedCases(t, "wan.json") {
		t.Run(c.Flow+"/"+c.Name, func(t *testing.T) {
			var v said
			if c.readable() {
				c.want(t, &v)
			}
			if c.Flow == "register" {
				testState(t, c, c.states(t).PasskeyRegister, func(signedCase) flaskcompat.PasskeyRegister {
					return flaskcompat.PasskeyRegister{Challenge: v.Challenge, Name: v.Name, Usage: v.Usage, UserVerification: v.UV}
				})
				return
			}
			testState(t, c, c.states(t).PasskeySignIn, func(signedCase) flaskcompat.PasskeySignIn {
				return flaskcompat.PasskeySignIn{Challenge: v.Challenge, UserVerification: v.UV}
			})
		})
	}
}

func TestRefreshTokens(t *testing.T) {
	for _, c := range signedCases(t, "refresh.json") {
		t.Run(c.Name, func(t *testing.T) {
			state := c.states(t).Refresh
			got, at, err := state.Open(c.Value, c.now())
			c.outcome(t, err == nil, err)
			if !c.readable() {
				return
			}
			var want struct {
				UID, Family string
				Gen         float64
			}
			c.want(t, &want)
			if got.UID != want.UID || got.Family != want.Family || float64(got.Gen) != want.Gen || !at.IsZero() {
				t.Errorf("read %+v at %v", got, at)
			}
			text, err := state.Seal(got, c.now())
			c.written(t, text, err)
		})
	}
}

// What no text is, or nobody would read again, is an error.
func TestStatesThatCannotBe(t *testing.T) {
	states, err := flaskcompat.NewStates(flaskcompat.Config{SecretKey: []byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1700000000, 0)
	for _, challenge := range []string{"\xff", noise(9000)} {
		if text, err := states.PasskeySignIn.Seal(flaskcompat.PasskeySignIn{Challenge: challenge}, now); err == nil {
			t.Errorf("wrote %q", text)
		}
	}
	if _, err := states.Refresh.Seal(flaskcompat.Refresh{Family: "\xff"}, now); err == nil {
		t.Error("wrote what is no text")
	}
}

func TestConfigErrors(t *testing.T) {
	key := []byte("secret")
	for want, cfg := range map[string]flaskcompat.Config{
		"SECRET_KEY is empty":                               {},
		"SECRET_KEY has characters that are not in latin-1": {SecretKey: []byte("密码")},
		"SECRET_KEY_FALLBACKS: key 2 is empty":              {SecretKey: key, SecretKeyFallbacks: []string{"a", ""}},
		"RESET_SALT and CONFIRM_SALT are the same":          {SecretKey: key, ConfirmSalt: "x", ResetSalt: "x"},
		"REFRESH_TOKEN_SALT and WAN_SALT are the same":      {SecretKey: key, RefreshSalt: "wan-salt"},
		"LOGIN_SALT and the salt of CSRF tokens":            {SecretKey: key, LoginSalt: "wtf-csrf-token"},
		"FLASK_LOGIN_VERSION":                               {SecretKey: key, LoginVersion: "5"},
	} {
		set, err := flaskcompat.New(cfg)
		wantProblem(t, err, want)
		if set != (codec.Set{}) {
			t.Errorf("%s: there are formats all the same", want)
		}
	}
	if _, err := flaskcompat.NewStates(flaskcompat.Config{}); err == nil {
		t.Error("states without a key")
	}
	// A former key of which Flask-Login could make nothing is none for its cookie.
	set := must(t, flaskcompat.Config{SecretKey: key, SecretKeyFallbacks: []string{"密码"}})
	if _, err := set.Remember.Open(set.Remember.Seal("u")); err != nil {
		t.Error(err)
	}
}

// A key that is no text is taken as the bytes it is, as by the original.
func TestBinaryKey(t *testing.T) {
	set := must(t, flaskcompat.Config{SecretKey: []byte{0xff, 0xfe, 0x80, 1}})
	uid, err := set.Remember.Open(set.Remember.Seal("u"))
	if uid != "u" || err != nil {
		t.Errorf("%q, %v", uid, err)
	}
}

func TestNothingIsTakenForSomethingElse(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	token, err := set.Token.Seal(codec.Claims{UID: "u"}, now)
	if err != nil {
		t.Fatal(err)
	}
	trust := set.Trust.Seal("u", now)
	csrf := set.CSRF.Seal(make([]byte, 20), now)
	for _, value := range []string{token, trust, csrf, set.Remember.Seal("u")} {
		var good int
		if _, _, err := set.Token.Open(value, now); !errors.Is(err, codec.ErrInvalid) {
			good++
		}
		if _, _, err := set.Trust.Open(value, now); !errors.Is(err, codec.ErrInvalid) {
			good++
		}
		if _, _, err := set.CSRF.Open(value, now); !errors.Is(err, codec.ErrInvalid) {
			good++
		}
		if _, err := set.Remember.Open(value); !errors.Is(err, codec.ErrInvalid) {
			good++
		}
		if good != 1 {
			t.Errorf("%q is good for %d purposes", value, good)
		}
	}
}

func wantProblem(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}
