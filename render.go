package doorward

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/template/parse"
)

//go:embed all:templates static
var embedded embed.FS

// sharedTemplates are the templates every page is parsed with. base.html is the frame:
// it shows the blocks "title" and "content" that a page defines.
func sharedTemplates() []string {
	return []string{"security/base.html", "security/_messages.html", "security/_menu.html", "security/_macros.html"}
}

// View is what a template is executed with. Its fields and methods are part of
// the API that overriding templates use.
type View struct {
	Form  any            // the form, by its Go fields: {{.Form.Email}}
	Page  map[string]any // the page's own values
	User  User           // the signed-in user, or nil
	Extra map[string]any // from Config.Pages.Context
	// Flashes are the messages of the last redirect: .Category and .Text.
	Flashes []Flash
	// CSRF is the token for the hidden field named CSRFField.
	CSRF, CSRFField string

	e      *engine
	r      *http.Request
	lang   string
	errors map[string][]string
}

// Flash is one message shown after a redirect.
type Flash struct{ Category, Text string }

// T returns the text of a label or message, with args given as name, value.
func (v *View) T(key string, args ...any) string { return v.e.text(v.lang, M(key, args...)) }

// List joins words of the program's, such as the ways in which a user signed
// in, as they are called: the text kind_word, or the word itself if there is none.
func (v *View) List(kind string, words []string) string {
	out := ""
	for i, w := range words {
		if _, ok := v.e.texts[kind+"_"+w]; ok {
			w = v.T(kind + "_" + w)
		}
		if i > 0 {
			w = v.T("list_more", "a", out, "b", w)
		}
		out = w
	}
	return out
}

// Word is List of one word.
func (v *View) Word(kind, word string) string { return v.List(kind, []string{word}) }

// Lang is the language of the page, as a BCP 47 tag.
func (v *View) Lang() string { return v.lang }

// Dir is the direction it is written in: "ltr" or "rtl".
func (v *View) Dir() string { return direction(v.lang) }

// URL returns the path of the page of that name, or "" if it is off.
func (v *View) URL(name string) string { return v.e.path(name) }

// Action is URL with the request's next, for a form's action.
func (v *View) Action(name string) string {
	return withNext(v.URL(name), v.r.URL.Query().Get("next"))
}

// Here reports whether the page of that name is the one shown.
func (v *View) Here(name string) bool { return v.URL(name) != "" && v.URL(name) == v.r.URL.Path }

// Home is the path of the application, for the way out.
func (v *View) Home() string { return v.e.cfg.URLs.Root }

// Err returns the messages on a form field; "" is the form as a whole.
func (v *View) Err(field string) []string { return v.errors[field] }

// Failed reports whether any field has a message.
func (v *View) Failed() bool { return len(v.errors) > 0 }

// Static returns the URL of a static file.
func (v *View) Static(name string) string {
	return v.e.cfg.URLs.Prefix + v.e.cfg.URLs.Static + "/" + name + "?v=" + v.e.staticVersion
}

// Site is the site's name, for titles.
func (v *View) Site() string { return v.e.cfg.Pages.Title }

// Generic reports whether answers must not tell if an account exists.
func (v *View) Generic() bool { return v.e.cfg.GenericResponses }

// addPages remembers a layer of templates; a name that two layers have is a
// start error.
func (e *engine) addPages(feature string, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if other, taken := e.pageOwner[name]; taken {
			return &ConfigError{feature, fmt.Sprintf("template %s is %s's already", name, other), ""}
		}
		e.pageOwner[name], e.pageFiles[name] = feature, files
		return nil
	})
}

// open reads a template: the application's own, or the built-in one.
func (e *engine) openPage(name string) (string, error) {
	if own := e.cfg.Pages.Templates; own != nil {
		b, err := fs.ReadFile(own, name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return string(b), err
		}
	}
	files := e.pageFiles[name]
	if files == nil {
		return "", fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
	}
	b, err := fs.ReadFile(files, name)
	return string(b), err
}

// parsePages parses every page once, at start, so that a broken template is
// known then.
func (e *engine) parsePages() error {
	base := template.New("").Funcs(template.FuncMap{"dict": dict}).Funcs(e.cfg.Pages.Funcs)
	var errs []error
	for _, name := range sharedTemplates() {
		text, err := e.openPage(name)
		if err == nil {
			_, err = base.New(name).Parse(text)
		}
		errs = append(errs, err)
	}
	pages, err := e.ownAndBuiltIn()
	errs = append(errs, err)
	for _, name := range pages {
		errs = append(errs, e.parsePage(base, name))
	}
	return errors.Join(errs...)
}

// ownAndBuiltIn returns the names of all pages: the features', and those of the
// application's own that settings may name, below security/ as the others.
func (e *engine) ownAndBuiltIn() ([]string, error) {
	names := slices.Collect(maps.Keys(e.pageOwner))
	if own := e.cfg.Pages.Templates; own != nil {
		err := fs.WalkDir(own, "security", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && e.pageOwner[name] == "" {
				names = append(names, name)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("templates of the application: %w", err)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasSuffix(name, ".html") || strings.HasPrefix(name, "security/_") || name == "security/base.html" || strings.HasPrefix(name, mailDir)
	}), nil
}

func (e *engine) parsePage(base *template.Template, name string) error {
	text, err := e.openPage(name)
	if err != nil {
		return err
	}
	t, err := base.Clone()
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	own, err := t.New(name).Parse(text)
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	// A page that only defines blocks is shown in the frame; one with text of
	// its own is a whole page.
	if isFrame(own.Tree) {
		own = t.Lookup("security/base.html")
	}
	e.pages[name] = own
	return nil
}

func isFrame(t *parse.Tree) bool { return t == nil || t.Root == nil || parse.IsEmptyTree(t.Root) }

// dict makes a map in a template: {{template "x" (dict "V" . "name" "email")}}.
func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("dict: a key is no string")
		}
		out[k] = pairs[i+1]
	}
	return out, nil
}

func (e *engine) view(r *http.Request, res Result, p *Problem) *View {
	v := &View{Form: res.Form, Page: res.Values, Extra: map[string]any{}, CSRFField: e.cfg.CSRF.Field, e: e, r: r, lang: e.languageOf(r.Context()), errors: map[string][]string{}}
	if p != nil {
		for _, fe := range p.shown(e.cfg.GenericResponses, res.fields, e.cfg.CSRF.Field) {
			v.errors[fe.Field] = append(v.errors[fe.Field], e.text(v.lang, fe.Message))
		}
	}
	if visit := visitFrom(r.Context()); visit != nil {
		v.CSRF = CSRFToken(r.Context())
		if id, err := IdentityFrom(r.Context()); err == nil {
			v.User = id.User
		}
		for _, f := range visit.takeFlashes() {
			v.Flashes = append(v.Flashes, Flash(f))
		}
	}
	for _, scope := range []string{"", res.Scope} {
		if f := e.cfg.Pages.Context[scope]; f != nil {
			for k, val := range f(r) {
				v.Extra[k] = val
			}
		}
	}
	return v
}

// writePage renders the whole page before the first byte of it is sent.
func (e *engine) writePage(w http.ResponseWriter, r *http.Request, status int, res Result, p *Problem) {
	t, ok := e.pages[res.Page]
	if !ok {
		e.log.ErrorContext(r.Context(), "no such page", "page", res.Page)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	var b bytes.Buffer
	if err := guardCall(func() error { return t.Execute(&b, e.view(r, res, p)) }); err != nil {
		e.log.ErrorContext(r.Context(), "page not rendered", "page", res.Page, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	e.pageHeaders(w.Header(), r)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// pageHeaders are those of our own pages: no script but our files, no frame,
// no referrer (links with secrets lead here), no guessing of types
// (ASVS 3.4.3 to 3.4.6, 3.4.8).
func (e *engine) pageHeaders(h http.Header, r *http.Request) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	e.languageHeaders(h, r)
	h.Set("Content-Security-Policy", e.csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if !e.cfg.Pages.NoHSTS && e.proxies.isTLS(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// contentPolicy allows our own style sheet and images, and forms that go to
// this host or on to one that targets may be on: browsers apply form-action to
// the redirect after a form too.
func (u *URLConfig) contentPolicy() string {
	forms := "'self'"
	if u.AllowSubdomains && u.ServerName != "" {
		forms += " " + u.ServerName + " *." + u.ServerName
	}
	if u.BaseDomain != "" {
		for _, label := range u.Subdomains {
			if label == "." {
				forms += " " + u.BaseDomain
			} else {
				forms += " " + label + "." + u.BaseDomain
			}
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action " + forms +
		"; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
}
