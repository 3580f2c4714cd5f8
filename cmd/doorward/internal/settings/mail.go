package settings

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/i18n"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/mail/smtp"
)

// mails makes MAIL_DEFAULT_SENDER the sender of mails, as EMAIL_SENDER without a
// value always was.
func (l *Loaded) mails() []error {
	if l.Config.SMTP.DefaultSender != "" && l.sources["SECURITY_EMAIL_SENDER"] == "" {
		l.Config.Mail.From = l.Config.SMTP.DefaultSender
	}
	if l.Config.SMTP.Server == "" {
		return nil
	}
	if _, err := smtp.New(l.Config.SMTP); err != nil {
		return flatten(err)
	}
	return nil
}

// Sender returns what sends the mails of a configuration, and nil if there is no
// mail server.
func (l *Loaded) Sender() (mail.Sender, error) {
	if l.Config.SMTP.Server == "" {
		return nil, nil
	}
	c := l.Config.SMTP
	c.Log = l.Config.Logger
	return smtp.New(c)
}

// LogSender writes a line for each mail, where there is nobody to send it.
func LogSender(log *slog.Logger) mail.Sender { return mail.Log{Logger: log} }

// catalogues adds the translations of I18N_DIRNAME to the built-in ones.
func (l *Loaded) catalogues() (errs []error) {
	all, err := i18n.Builtin()
	if err != nil {
		return []error{err}
	}
	for _, dir := range l.Config.Server.Catalogues {
		if dir == "builtin" || dir == "" {
			continue
		}
		problem := func(err error) {
			errs = append(errs, &conf.Error{Name: "SECURITY_I18N_DIRNAME", Problem: err.Error(), Hint: "a directory with files like de.po"})
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			problem(errors.Join(err, noDirectory(dir, err)))
			continue
		}
		more, err := all.With(os.DirFS(dir))
		if err != nil {
			problem(err)
			continue
		}
		all = more
	}
	l.Config.Languages.Translator = all
	return errs
}

func noDirectory(dir string, err error) error {
	if err != nil {
		return nil
	}
	return &fs.PathError{Op: "open", Path: dir, Err: errors.New("is no directory")}
}
