package lockout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/mail"
)

const lockedMail = "account_locked"

// mails are the two parts of the mail about a lock.
type mails struct {
	sender mail.Sender
	from   string
	text   *text.Template
	html   *html.Template
}

func newMails(c *Config) (*mails, error) {
	const path = "templates/security/email/" + lockedMail
	t, err := text.ParseFS(files, path+".txt")
	if err != nil {
		return nil, fmt.Errorf("lockout: %w", err)
	}
	h, err := html.ParseFS(files, path+".html")
	if err != nil {
		return nil, fmt.Errorf("lockout: %w", err)
	}
	return &mails{sender: c.Mail, from: c.From, text: t, html: h}, nil
}

// sendLink sends the owner of a locked account a link that unlocks it, not too
// often. It does the same work for an account that does not exist. What cannot
// be sent is logged, and changes no answer.
func (f *Feature) sendLink(ctx context.Context, account string, u doorward.User) {
	if f.mails == nil {
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
	to, payload := "", doorward.NewUniquifier()
	if u != nil {
		to, payload = u.SecurityAccount().Email, u.SecurityAccount().Uniquifier
	}
	link, _ := f.rt.Links().To(f.cfg.UnlockURL + "/" + f.links.Sign([]byte(payload), f.rt.Now()))
	subject := f.rt.Web().Text(doorward.M("account_locked_subject"))
	data := map[string]any{"Subject": subject, "Link": link, "Within": inWords(f.cfg.UnlockWithin)}
	var plain strings.Builder
	var rich bytes.Buffer
	err := errors.Join(f.mails.text.Execute(&plain, data), f.mails.html.Execute(&rich, data))
	if err != nil {
		return fmt.Errorf("lockout: %w", err)
	}
	if to == "" {
		return nil
	}
	return f.mails.sender.Send(ctx, mail.Message{
		To: to, From: f.mails.from, Subject: subject, Text: plain.String(), HTML: rich.String(), Template: lockedMail,
	})
}

// inWords says how long d is, rounded down.
func inWords(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}
