// Package conf fills configuration structs from named settings and lists the
// settings a struct has. The struct is the only place where a setting is
// described:
//
//	type Config struct {
//		LoginURL string         `setting:"LOGIN_URL" default:"/login" help:"Where the sign-in page is."`
//		NoFlash  bool           `setting:"FLASH_MESSAGES,invert" help:"Show one-time messages."`
//		Cookie   string         `setting:"SESSION_COOKIE_NAME,bare" default:"session"`
//		Fresh    Opt[time.Duration] `setting:"FRESHNESS" default:"24h"`
//		Register *Register      `setting:"REGISTERABLE,feature" help:"Let visitors register."`
//	}
//
// # Tags
//
// The tag "setting" holds the name, which gets the prefix SECURITY_, and
// options behind commas. Several names for one field are separated by a bar;
// the first is the one in listings. Fields without the tag, or with "-", are
// left alone; structs without it, embedded or named, are walked. The options:
//
//   - bare: the name is complete and gets no prefix.
//   - invert: for a bool that is the negation of its setting, so that a
//     setting which is on by default has a zero value which is right.
//   - feature: for a pointer to a struct, allocated when the setting is true
//     and nil when it is false. The settings inside are known either way.
//   - secret: the value is never printed, neither in listings nor in errors.
//   - seconds: for a duration, a bare number counts seconds.
//
// The tag "default" documents the value which the zero value of the field
// stands for; [Defaults] puts it there. Where zero or null has a meaning of its
// own, the field is an [Opt]. The tag "help" is a sentence for operators.
//
// # Values
//
// A value is text, as the environment has it, or typed, as a TOML file has it.
//
//   - text, and whatever implements [encoding.TextUnmarshaler]: as it is.
//   - yes/no: true, false, yes, no, on, off, 1 and 0, in any case.
//   - number: decimal, whole for the integer types, never NaN or infinite.
//   - duration: "24h30m" as in Go, or "5 days" with a whole number of weeks,
//     days, hours, minutes or seconds.
//   - list: a JSON list, or items separated by commas; empty text is an empty
//     list.
//   - map: a JSON object, or a=b pairs separated by commas.
//   - [net/http.SameSite]: Lax, Strict, None; empty text or null sends none.
//   - [Opt]: the same as its type, or null or none for [Null].
package conf
