package lockout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	html "html/template"
	"strconv"
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
	now := f.rt.Now()
	turn := strconv.FormatInt(now.UnixNano()/int64(f.cfg.UnlockEvery), 10)
	err := f.rt.SignIn().Claim(ctx, "mail\x00"+account+"\x00"+turn, now.Add(2*f.cfg.UnlockEvery))
	if errors.Is(err, doorward.ErrClaimed) {
		return
	}
	if err == nil && u != nil && u.SecurityAccount().Email != "" {
		err = f.send(ctx, u, now)
	}
	if err != nil {
		f.rt.Logger().ErrorContext(ctx, "the mail about a lock was not sent", "err", err)
	}
}

func (f *Feature) send(ctx context.Context, u doorward.User, now time.Time) error {
	acc := u.SecurityAccount()
	link, _ := f.rt.Links().To(f.cfg.UnlockURL + "/" + f.links.Sign([]byte(acc.Uniquifier), now))
	subject := f.rt.Web().Text(doorward.M("account_locked_subject"))
	data := map[string]any{"Subject": subject, "Link": link, "Hours": int(f.cfg.UnlockWithin / time.Hour)}
	var plain strings.Builder
	var rich bytes.Buffer
	err := errors.Join(f.mails.text.Execute(&plain, data), f.mails.html.Execute(&rich, data))
	if err != nil {
		return fmt.Errorf("lockout: %w", err)
	}
	return f.mails.sender.Send(ctx, mail.Message{
		To: acc.Email, From: f.mails.from, Subject: subject, Text: plain.String(), HTML: rich.String(), Template: lockedMail,
	})
}
