package flaskcompat

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/conf"
)

// States are the signed values in which the original keeps what is half done. They
// hold what whoever has them may read and send back, and are not used up.
type States struct {
	TwoFactorSetup *State[TwoFactorSetup]
	UnifiedSetup   *State[UnifiedSetup]
	// PasskeyRegister and PasskeySignIn are signed with one key. Unlike in the
	// original neither is taken for the other.
	PasskeyRegister *State[PasskeyRegister]
	PasskeySignIn   *State[PasskeySignIn]
	// Refresh is signed without a time, and ends with its row in the database.
	Refresh *State[Refresh]
}

// TwoFactorSetup is a second factor being set up by who is signed in. TOTPSecret is
// what a [TOTPWallet] has sealed; Phone is "" where the method needs none.
type TwoFactorSetup struct{ TOTPSecret, Method, Phone string }

// UnifiedSetup is a method of signing in being set up, with the same values.
type UnifiedSetup struct{ TOTPSecret, Method, Phone string }

// PasskeyRegister is a passkey being registered. Usage is "first" or "secondary".
type PasskeyRegister struct {
	Challenge, Name, Usage string
	UserVerification       bool
}

// PasskeySignIn is a passkey being asked for.
type PasskeySignIn struct {
	Challenge        string
	UserVerification bool
}

// Refresh names the row of a refresh token and which of its tokens this is. The times
// are told to the client and prove nothing: the original shifts them where its machine
// is not set to UTC.
type Refresh struct {
	UID, Name, Family     string
	Gen                   int64
	ExpiresAt, LastUsedAt time.Time
}

// State writes and reads the values of one type. It is safe for concurrent use.
type State[T any] struct {
	signer  *signer
	untimed bool
	fields  func(*T) []field
}

// NewStates takes the keys and salts of the configuration.
func NewStates(cfg Config) (*States, error) {
	if err := conf.Defaults(&cfg); err != nil {
		return nil, err
	}
	secrets, err := cfg.secrets()
	if err != nil {
		return nil, err
	}
	wan := newSigner(cfg.WebAuthnSalt, deriveConcat, secrets)
	return &States{
		TwoFactorSetup:  &State[TwoFactorSetup]{newSigner(cfg.TFSetupSalt, deriveConcat, secrets), false, (*TwoFactorSetup).fields},
		UnifiedSetup:    &State[UnifiedSetup]{newSigner(cfg.USSetupSalt, deriveConcat, secrets), false, (*UnifiedSetup).fields},
		PasskeyRegister: &State[PasskeyRegister]{wan, false, (*PasskeyRegister).fields},
		PasskeySignIn:   &State[PasskeySignIn]{wan, false, (*PasskeySignIn).fields},
		Refresh:         &State[Refresh]{newSigner(cfg.RefreshSalt, deriveConcat, secrets), true, (*Refresh).fields},
	}, nil
}

// Seal writes a value. An error means that it is too long or holds what is no text.
func (s *State[T]) Seal(value T, now time.Time) (string, error) {
	payload := []byte{'{'}
	for i, f := range s.fields(&value) {
		if i > 0 {
			payload = append(payload, ',')
		}
		payload = append(quote(payload, f.name), ':')
		payload = f.append(payload)
	}
	if payload = append(payload, '}'); !utf8.Valid(payload) {
		return "", errors.New("flaskcompat: what is to be signed is no text")
	}
	if s.untimed {
		return fitting(s.signer.signUntimed(payload))
	}
	return fitting(s.signer.sign(payload, now))
}

// Open reads one, and says when it was signed; zero if that is not said. The error is
// [codec.ErrInvalid].
func (s *State[T]) Open(text string, now time.Time) (value T, at time.Time, err error) {
	var payload []byte
	if s.untimed {
		payload, err = s.signer.openUntimed(text, maxToken)
	} else {
		payload, at, err = s.signer.open(text, maxToken, now)
	}
	if err == nil && readFields(payload, s.fields(&value)) {
		return value, at, nil
	}
	var none T
	return none, time.Time{}, codec.ErrInvalid
}

// field is a member of an object: what it stands in is a *string, which must be there,
// *nullable, *bool, *int64 or *time.Time; a string is always written and never read.
type field struct {
	name string
	in   any
}

// nullable is a text for which "" is null.
type nullable string

func (v *TwoFactorSetup) fields() []field {
	return []field{{"totp_secret", &v.TOTPSecret}, {"method", &v.Method}, {"phone", (*nullable)(&v.Phone)}}
}

func (v *UnifiedSetup) fields() []field {
	return []field{{"totp_secret", &v.TOTPSecret}, {"chosen_method", &v.Method}, {"phone_number", (*nullable)(&v.Phone)}}
}

func (v *PasskeyRegister) fields() []field {
	return []field{{"challenge", &v.Challenge}, {"name", &v.Name}, {"usage", &v.Usage}, {"user_verification", &v.UserVerification}}
}

func (v *PasskeySignIn) fields() []field {
	return []field{{"challenge", &v.Challenge}, {"user_verification", &v.UserVerification}}
}

func (v *Refresh) fields() []field {
	return []field{{"ver", "1"}, {"uid", &v.UID}, {"expires_at", &v.ExpiresAt}, {"last_used_at", &v.LastUsedAt},
		{"name", &v.Name}, {"family", &v.Family}, {"gen", &v.Gen}}
}

func (f field) append(dst []byte) []byte {
	switch in := f.in.(type) {
	case string:
		return quote(dst, in)
	case *string:
		return quote(dst, *in)
	case *nullable:
		if *in != "" {
			return quote(dst, string(*in))
		}
	case *bool:
		return strconv.AppendBool(dst, *in)
	case *int64:
		return strconv.AppendInt(dst, *in, 10)
	case *time.Time:
		return appendSeconds(dst, *in)
	}
	return append(dst, "null"...)
}

// readFields reports whether payload is an object with all that must be in it and nothing
// else.
func readFields(payload []byte, fields []field) bool {
	m, ok := readObject(payload)
	if !ok {
		return false
	}
	for _, f := range fields {
		raw, has := m[f.name]
		if !f.read(raw, has) {
			return false
		}
		delete(m, f.name)
	}
	return len(m) == 0
}

func (f field) read(raw json.RawMessage, has bool) (ok bool) {
	switch in := f.in.(type) {
	case *string:
		*in, ok = readText(raw)
	case *nullable:
		var text string
		text, ok = readText(raw)
		*in, ok = nullable(text), ok || string(raw) == "null"
	case *bool:
		*in, ok = string(raw) == "true", has && (string(raw) == "true" || string(raw) == "false")
	case *int64:
		var n float64
		n, ok = readNumber(raw)
		*in, ok = int64(n), ok && n == math.Trunc(n) && math.Abs(n) < 1<<53
	default: // nothing is decided by it
		ok = true
		if in, isTime := in.(*time.Time); isTime {
			seconds, _ := readNumber(raw)
			*in = timeOf(seconds)
		}
	}
	return ok
}
