package lockout

import (
	"context"
	"errors"

	"github.com/doorward/doorward"
)

// sendLink sends the owner of a locked account a link that unlocks it, not too
// often. It does the same work for an account that does not exist. What cannot
// be sent is logged, and changes no answer.
func (f *Feature) sendLink(ctx context.Context, account string, u doorward.User) {
	if !f.rt.Mail().On() {
		return
	}
	err := f.turn(ctx, account)
	if errors.Is(err, errSentAlready) {
		return
	}
	if err == nil {
		err = f.send(ctx, u)
	}
	if err != nil {
		f.rt.Logger().ErrorContext(ctx, "the mail about a lock was not sent", "err", err)
	}
}

var errSentAlready = errors.New("lockout: a mail was sent already")

// turn takes the turn of an account, if it has one again. Each mail puts off the
// next: whoever asks for ever sends nobody a mail every quarter of an hour.
func (f *Feature) turn(ctx context.Context, account string) error {
	mayNot := false
	err := f.store.UpdateGuesses(ctx, []string{f.mailKey(account)}, func(rows []doorward.Guesses) error {
		now := f.rt.Now()
		healed := f.mailing.heal(&rows[0], now)
		mayNot = f.mailing.wait(&rows[0], now) > 0
		switch {
		case !mayNot:
			f.mailing.take(&rows[0], now)
		case !healed: // or else that is kept
			return errSentAlready
		}
		return nil
	})
	if err == nil && mayNot {
		return errSentAlready
	}
	return err
}

func (f *Feature) mailKey(account string) string {
	return f.names.Digest("mail\x00" + anyCase(account))
}

// send writes the mail, and sends it if there is somebody to get it.
func (f *Feature) send(ctx context.Context, u doorward.User) error {
	to := ""
	if u != nil {
		to = u.SecurityAccount().Email
	}
	link, token := f.links.New(u, "")
	return f.rt.Mail().Send(ctx, doorward.Letter{
		Template: f.cfg.UnlockMailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_UNLOCK", f.cfg.UnlockSubject), To: to, User: u,
		Values: map[string]any{"unlock_link": link, "unlock_token": token, "within": f.cfg.UnlockWithin},
	})
}
