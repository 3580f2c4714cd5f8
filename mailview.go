package doorward

import (
	"context"
	"errors"
	"fmt"
	html "html/template"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	text "text/template"
	"unicode"

	"github.com/doorward/doorward/mail"
)

// MailView is what the templates of a mail are executed with. Its fields and
// methods are part of the API that overriding templates use.
type MailView struct {
	Subject string
	User    User
	// Mail holds the mail's own values, under the contract's names:
	// {{.Mail.reset_link}}. Those of Config.Pages.Context["mail"] go before them.
	Mail map[string]any

	e    *engine
	lang string
}

// T returns the text of a label or message; see [View.T]. Texts among args stay
// on one line.
func (v *MailView) T(key string, args ...any) string {
	m := M(key, args...)
	foldLines(m.Args)
	return v.e.text(v.lang, m)
}

// Lang is the language of the mail, as a BCP 47 tag.
func (v *MailView) Lang() string { return v.lang }

// Dir is the direction it is written in: "ltr" or "rtl".
func (v *MailView) Dir() string { return direction(v.lang) }

// Site is the site's name.
func (v *MailView) Site() string { return v.e.cfg.Pages.Title }

// URL returns the absolute URL of the page of that name, or "" if it is off.
func (v *MailView) URL(name string) string {
	rt, on := v.e.routes.byName[name]
	if !on || strings.Contains(rt.Path, "{") {
		return ""
	}
	if url, ok := (Links{e: v.e}).To(rt.Path); ok {
		return url
	}
	return ""
}

// Home is the URL of the site, for its name in a mail; "" without SERVER_NAME.
func (v *MailView) Home() string {
	origin, ok := v.e.cfg.URLs.origin()
	if !ok {
		return ""
	}
	return origin + v.e.cfg.URLs.Root
}

// Style is the style sheet of mails: security/email/style.css.
func (v *MailView) Style() html.CSS { return v.e.mails.style }

const (
	mailDir   = "security/email/"
	mailStyle = mailDir + "style.css"
)

// mails are the parsed templates of mails.
type mails struct {
	style html.CSS
	text  map[string]*text.Template
	html  map[string]*html.Template
}

// parseMails parses the templates of all mails, at start.
func (e *engine) parseMails() error {
	e.mails = mails{text: map[string]*text.Template{}, html: map[string]*html.Template{}}
	style, err := e.openPage(mailStyle)
	e.mails.style = html.CSS(style) // #nosec G203 -- a file of ours or of the operator
	errs := []error{err}
	funcs := maps.Clone(e.cfg.Pages.Funcs)
	if funcs == nil {
		funcs = html.FuncMap{}
	}
	funcs["dict"] = dict
	baseText, errText := text.New("").Funcs(text.FuncMap(funcs)).Parse("")
	baseHTML, errHTML := html.New("").Funcs(funcs).Parse("")
	errs = append(errs, errText, errHTML)
	for _, part := range []string{"base.txt", "base.html"} {
		words, err := e.openPage(mailDir + part)
		errs = append(errs, err)
		if strings.HasSuffix(part, ".txt") {
			_, err = baseText.New("base").Parse(words)
		} else {
			_, err = baseHTML.New("base").Parse(words)
		}
		errs = append(errs, err)
	}
	files, err := e.mailFiles()
	errs = append(errs, err)
	for _, file := range files {
		if name, ok := strings.CutSuffix(file, ".txt"); ok {
			errs = append(errs, e.parseTextMail(baseText, name))
		} else if name, ok := strings.CutSuffix(file, ".html"); ok {
			errs = append(errs, e.parseHTMLMail(baseHTML, name))
		}
	}
	return errors.Join(errs...)
}

// mailFiles are the files of all mails, the application's own ones included, to
// which settings may name.
func (e *engine) mailFiles() ([]string, error) {
	files := map[string]bool{}
	for file := range e.pageOwner {
		files[file] = strings.HasPrefix(file, mailDir)
	}
	var err error
	if own := e.cfg.Pages.Templates; own != nil {
		err = fs.WalkDir(own, strings.TrimSuffix(mailDir, "/"), func(file string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && !d.IsDir() {
				files[file] = true
			}
			return err
		})
	}
	return slices.Sorted(func(yield func(string) bool) {
		for file, mail := range files {
			if mail && !strings.HasPrefix(file, mailDir+"base.") && !yield(file) {
				return
			}
		}
	}), err
}

func (e *engine) parseTextMail(base *text.Template, name string) error {
	words, err := e.openPage(name + ".txt")
	if err != nil {
		return err
	}
	t, err := base.Clone()
	if err == nil {
		_, err = t.New(name).Parse(words)
	}
	if err != nil {
		return fmt.Errorf("template %s.txt: %w", name, err)
	}
	own := t.Lookup(name)
	if isFrame(own.Tree) { // as with pages
		own = t.Lookup("base")
	}
	e.mails.text[name] = own
	return nil
}

func (e *engine) parseHTMLMail(base *html.Template, name string) error {
	words, err := e.openPage(name + ".html")
	if err != nil {
		return err
	}
	t, err := base.Clone()
	if err == nil {
		_, err = t.New(name).Parse(words)
	}
	if err != nil {
		return fmt.Errorf("template %s.html: %w", name, err)
	}
	own := t.Lookup(name)
	if isFrame(own.Tree) {
		own = t.Lookup("base")
	}
	e.mails.html[name] = own
	// What cannot be escaped is known only once it is executed.
	var unsafe *html.Error
	if err := guardCall(func() error { return own.Execute(io.Discard, nil) }); errors.As(err, &unsafe) {
		return fmt.Errorf("template %s.html: %w", name, err)
	}
	return nil
}

// nobody is whom a letter is written to where there is no account.
type nobody struct{ Account }

// nobody returns a user as templates see one, with nothing in it.
func (e *engine) nobody() User {
	if e.cfg.Stores.Admin != nil {
		return e.cfg.Stores.Admin.NewUser()
	}
	return &nobody{}
}

// compose makes a message of a letter.
func (e *engine) compose(ctx context.Context, l Letter) (mail.Message, error) {
	if l.User == nil && l.To == "" {
		l.User = e.nobody()
	}
	lang := e.languageOf(ctx)
	if own := e.match(preferred(l.User)); own != "" {
		lang = own
	}
	v := &MailView{Subject: oneLine(e.text(lang, l.Subject)), User: l.User, Mail: maps.Clone(l.Values), e: e, lang: lang}
	if v.Mail == nil {
		v.Mail = map[string]any{}
	}
	foldLines(v.Mail)
	msg := mail.Message{To: l.To, From: e.cfg.Mail.From, Subject: v.Subject, Template: strings.TrimPrefix(l.Template, mailDir), Language: lang}
	if err := e.addContext(ctx, v.Mail); err != nil {
		return msg, err
	}
	var err error
	plain, rich := e.mails.text[l.Template], e.mails.html[l.Template]
	if plain == nil && rich == nil {
		return msg, errors.New("there is no such template")
	}
	if plain != nil && (!e.cfg.Mail.NoText || rich == nil) {
		msg.Text, err = e.render(func(w io.Writer) error { return plain.Execute(w, v) })
		msg.Text = tidy(msg.Text)
	}
	if err == nil && rich != nil && (!e.cfg.Mail.NoHTML || plain == nil) {
		msg.HTML, err = e.render(func(w io.Writer) error { return rich.Execute(w, v) })
	}
	return msg, err
}

// addContext adds what the application adds to every mail: it gets the request
// that the mail is because of, if there is one.
func (e *engine) addContext(ctx context.Context, values map[string]any) error {
	more, visit := e.cfg.Pages.Context["mail"], visitBehind(ctx)
	if more == nil || visit == nil || visit.e != e {
		return nil
	}
	var within context.Context = &visit.within
	if visitFrom(ctx) == nil { // nobody can be asked now who is signed in
		within = &visit.behind
	}
	return guardCall(func() error {
		maps.Copy(values, more(visit.r.WithContext(within)))
		return nil
	})
}

// foldLines puts texts on one line: what a stranger chose, such as a username,
// must not become a paragraph of a mail.
func foldLines(values map[string]any) {
	for k, val := range values {
		if s, ok := val.(string); ok {
			values[k] = oneLine(s)
		}
	}
}

// oneLine replaces line breaks and other control characters by spaces.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// render runs a template, until it has made too much.
func (e *engine) render(execute func(io.Writer) error) (string, error) {
	b := &bounded{left: e.cfg.Mail.Max}
	err := guardCall(func() error { return execute(b) })
	return b.text.String(), err
}

// tidy keeps one blank line of several, which templates leave without meaning to.
func tidy(text string) string {
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(text) + "\n"
}

var errTooLarge = errors.New("the template makes more than MAIL_MAX_SIZE of it")

// bounded is a buffer with an end. Write is the only way in.
type bounded struct {
	text strings.Builder
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errTooLarge
	}
	return b.text.Write(p)
}
