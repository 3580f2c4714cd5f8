package doorward

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/doorward/doorward/internal/anycase"
)

// Record is what the security log says of an event: who, what and how it ended.
// When, from where and on which page is added by the engine (ASVS 16.2.1). No
// password, token or code is in one, whatever the level.
type Record struct {
	Action  string // "sign-in", "sign-out", "credential", ...
	Outcome string // "success", "failure", "refused"
	User    User   // whom it is about; nil if that is not known
	Level   slog.Level
	Attrs   []slog.Attr
}

// Recorded is an event that goes into the security log. All events of this
// module are; an application's own may be.
type Recorded interface{ Record() Record }

// Meter receives counts and timings, for dashboards and alarms. It must be
// fast and safe for concurrent use: it is called while requests wait. Names and
// attributes are listed in docs/observability.md; attributes have few values.
type Meter interface {
	Count(ctx context.Context, name string, n int64, attrs ...slog.Attr)
	Time(ctx context.Context, name string, d time.Duration, attrs ...slog.Attr)
}

// The outcomes of records.
const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
	outcomeRefused = "refused"
)

// record writes the line of an event, and counts it. A log or a meter that
// panics breaks no sign-in.
func (e *engine) record(ctx context.Context, event Recorded) error {
	return guardCall(func() error { e.write(ctx, event.Record()); return nil })
}

// note records what is told to the log and to no listener.
func (e *engine) note(ctx context.Context, rec Record) {
	if err := e.record(ctx, noted(rec)); err != nil {
		e.complain(ctx, "the security log failed", "action", rec.Action, "err", err)
	}
}

type noted Record

// Record implements [Recorded].
func (n noted) Record() Record { return Record(n) }

// timed tells the meter. One that panics spoils no answer.
func (e *engine) timed(ctx context.Context, name string, d time.Duration, attrs ...slog.Attr) {
	if err := guardCall(func() error { e.cfg.Meter.Time(ctx, name, d, attrs...); return nil }); err != nil {
		e.complain(ctx, "the meter failed", "name", name, "err", err)
	}
}

func (e *engine) write(ctx context.Context, rec Record) {
	if e.cfg.Meter != nil {
		e.cfg.Meter.Count(ctx, "doorward.events", 1, slog.String("action", rec.Action), slog.String("outcome", rec.Outcome))
	}
	if !e.cfg.SecurityLog.Enabled(ctx, rec.Level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 8), slog.String("action", rec.Action), slog.String("outcome", rec.Outcome))
	if rec.User != nil {
		attrs = append(attrs, slog.String("user", loggedName(rec.User)))
	}
	if v := visitBehind(ctx); v != nil {
		attrs = append(attrs, slog.Any("address", addrValue{v.addr()}), slog.String("method", clip(v.r.Method, 20)), slog.String("path", clip(loggedPath(v.r), 200)))
	}
	e.cfg.SecurityLog.LogAttrs(ctx, rec.Level, "security", append(attrs, rec.Attrs...)...)
}

// addrValue is written as text only where it is logged.
type addrValue struct{ netip.Addr }

// LogValue implements [slog.LogValuer].
func (a addrValue) LogValue() slog.Value {
	if !a.IsValid() { // a Unix socket's
		return slog.StringValue("")
	}
	return slog.StringValue(a.String())
}

// nameMax is the length of the longest address (RFC 5321 4.5.3.1.3), and of the
// columns of the user model. A table of the application's may hold more.
const nameMax = 255

// loggedName is what operators know a user by.
func loggedName(u User) string {
	acc := u.SecurityAccount()
	return clip(cmp.Or(anycase.Fold(clip(acc.Email, nameMax)), acc.Username, acc.Uniquifier), nameMax)
}

// Record implements [Recorded].
func (ev Authenticated) Record() Record {
	return Record{Action: "sign-in", Outcome: outcomeSuccess, User: ev.User, Attrs: []slog.Attr{slog.Any("via", ev.Via)}}
}

// Record implements [Recorded].
func (ev AuthnFailed) Record() Record {
	return Record{Action: "credential", Outcome: outcomeFailure, User: ev.User, Level: slog.LevelWarn,
		Attrs: []slog.Attr{slog.String("kind", ev.Kind), slog.Bool("second_factor", ev.SecondFactor)}}
}

// Record implements [Recorded].
func (ev Verified) Record() Record {
	return Record{Action: "verify", Outcome: outcomeSuccess, User: ev.User, Attrs: []slog.Attr{slog.Any("via", ev.Via)}}
}

// Record implements [Recorded].
func (ev LoggedOut) Record() Record {
	return Record{Action: "sign-out", Outcome: outcomeSuccess, User: ev.User}
}

// Record implements [Recorded].
func (ev Remembered) Record() Record {
	return Record{Action: "remembered", Outcome: outcomeSuccess, User: ev.User}
}

// Record implements [Recorded]. It is for debugging: every request of a client
// with a token is one.
func (ev TokenAccepted) Record() Record {
	return Record{Action: "token", Outcome: outcomeSuccess, User: ev.User, Level: slog.LevelDebug}
}

// Record implements [Recorded]. It is for debugging: every visitor who is not
// signed in yet causes one.
func (ev Unauthenticated) Record() Record {
	return Record{Action: "access", Outcome: outcomeRefused, Level: slog.LevelDebug, Attrs: []slog.Attr{slog.String("reason", "anonymous")}}
}

// Record implements [Recorded].
func (ev Unauthorized) Record() Record {
	return Record{Action: "access", Outcome: outcomeRefused, User: ev.User, Level: slog.LevelWarn, Attrs: []slog.Attr{slog.String("reason", "rights")}}
}

// Record implements [Recorded].
func (ev SessionProtected) Record() Record {
	return Record{Action: "session-changed", Outcome: outcomeRefused, User: ev.User, Level: slog.LevelWarn, Attrs: []slog.Attr{slog.Bool("ended", ev.Ended)}}
}

// Record implements [Recorded].
func (ev SessionsEnded) Record() Record {
	return Record{Action: "sessions-ended", Outcome: outcomeSuccess, User: ev.User, Attrs: []slog.Attr{slog.Int("count", ev.Count)}}
}

// Record implements [Recorded].
func (ev AccessReset) Record() Record {
	return Record{Action: "access-reset", Outcome: outcomeSuccess, User: ev.User, Level: slog.LevelWarn}
}

// Record implements [Recorded].
func (ev CSRFRefused) Record() Record {
	return Record{Action: "access", Outcome: outcomeRefused, User: ev.User, Level: slog.LevelWarn,
		Attrs: []slog.Attr{slog.String("reason", "csrf"), slog.String("check", ev.Reason)}}
}

// Record implements [Recorded].
func (ev MixedCredentials) Record() Record {
	return Record{Action: "access", Outcome: outcomeRefused, User: ev.User, Level: slog.LevelWarn,
		Attrs: []slog.Attr{slog.String("reason", "mixed-credentials"), slog.String("other", loggedName(ev.Other))}}
}
