package site

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/twofactor"
	"github.com/doorward/doorward/unified"
)

// What the features tell of a user's whole record.
type (
	secondFactor interface {
		State(u doorward.User) (method, phone string)
	}
	recovery interface {
		RecoveryCodesLeft(u doorward.User) int
	}
	ways interface {
		Methods(u doorward.User) []string
	}
)

// line is one matter of an account's security, with the page to set it up at.
type line struct {
	link
	Words []word
	Count string // the text for N
	N     int
	Calm  bool   // N is neither good nor bad
	Empty string // the text where there is none of this
}

// word is a method, with the end of the number that its codes go to.
type word struct{ Method, End string }

var (
	_ secondFactor = (*twofactor.Feature)(nil)
	_ recovery     = (*recoverycodes.Feature)(nil)
	_ ways         = (*unified.Feature)(nil)
)

// facts are the same matters for programs.
type facts map[string]any

// security tells how u signs in, of what is on, and no secret.
func (f *Feature) security(ctx context.Context, u doorward.User) ([]line, facts, error) {
	u, err := f.whole(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	var lines []line
	all, acc := facts{}, u.SecurityAccount()
	add := func(page string, l line) {
		if to := f.links(page); to != nil {
			l.link = to[0]
			lines = append(lines, l)
		}
	}
	all["password"] = acc.PasswordHash != ""
	password := line{Empty: "site_password_none"}
	if acc.PasswordHash != "" {
		password = line{Count: "site_password_set", N: 1}
	}
	add("change_password", password)
	if tf, on := doorward.Find[secondFactor](f.rt); on {
		method, phone := tf.State(u)
		all["second_factor"], all["second_factor_phone"] = null(method), null(masked(phone))
		add("two_factor_setup", line{Words: words(phone, method), Empty: "site_off"})
	}
	if rc, on := doorward.Find[recovery](f.rt); on {
		n := rc.RecoveryCodesLeft(u)
		all["recovery_codes_left"] = n
		add("mf_recovery_codes", line{Count: "site_codes_left", N: n, Empty: "site_none"})
	}
	if us, on := doorward.Find[ways](f.rt); on {
		methods := slices.DeleteFunc(slices.Clone(us.Methods(u)), func(m string) bool { return m == "password" })
		all["sign_in_methods"], all["sign_in_phone"] = append([]string{}, methods...), null(masked(acc.USPhoneNumber))
		add("us_setup", line{Words: words(acc.USPhoneNumber, methods...), Empty: "site_none"})
	}
	add("wan_register", line{})
	if f.links("sessions") != nil {
		sessions, err := f.rt.Accounts().Sessions(ctx, u)
		if err != nil {
			return nil, nil, err
		}
		all["sessions"] = len(sessions)
		add("sessions", line{Count: "site_sessions_count", N: len(sessions), Calm: true, Empty: "site_none"})
	}
	return lines, all, nil
}

// whole returns the record with what a request does not load of it.
func (f *Feature) whole(ctx context.Context, u doorward.User) (doorward.User, error) {
	whole, err := f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: u.SecurityAccount().Uniquifier})
	if errors.Is(err, doorward.ErrNotFound) {
		return nil, doorward.ErrAnonymous // gone meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("find the caller: %w", err)
	}
	return whole, nil
}

func words(phone string, methods ...string) (out []word) {
	for _, m := range methods {
		switch m {
		case "":
		case codes.SMS:
			out = append(out, word{m, ending(phone)})
		default:
			out = append(out, word{Method: m})
		}
	}
	return out
}

// ending tells the owner which of two numbers it is, and who looks over his
// shoulder not the number.
func ending(phone string) string {
	if len(phone) < 8 {
		return ""
	}
	return phone[len(phone)-2:]
}

func masked(phone string) string {
	if phone == "" {
		return ""
	}
	return "..." + ending(phone)
}
