package devmail

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed templates
var files embed.FS

// What browsers may do with our pages, and with the markup of a mail, which
// nobody has checked. A mail has an origin of its own and no scripts, no forms
// and nothing from a network; only a window that somebody opens from it is an
// ordinary one, or else the form behind a link could not be sent.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

// ServeHTTP implements [http.Handler]: [Mailbox.Handler] with nothing behind it.
func (b *Mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
}

// Handler answers at [Path] and below:
//
//	/dev/mail            GET     every mail and text message, newest first, as a page or JSON
//	/dev/mail            DELETE  forget them
//	/dev/mail/clear      POST    the same, for the button
//	/dev/mail/{id}       GET     one mail, as a page or JSON
//	/dev/mail/{id}/html  GET     its HTML part, which can do nothing
//
// All else goes to next, and so does a fetch by another site or port. Such a
// caller gets the answer of a server without a mailbox.
//
// It has to stand before everything the server answers, since it watches every
// request for a sign that somebody beyond this machine reaches the server:
//
//   - it comes from another address, or is for another host than localhost,
//     127.0.0.0/8 or [::1], with any port;
//   - it has a header that proxies add, or is HTTP/1.0;
//   - a browser made it that is at a page of another host, as Origin or Referer
//     tells. If Sec-Fetch-Site says that the page is of another site than the
//     one asked, that is no sign: any page could make such a request.
//
// The first one, whatever its path, shuts the mailbox for good. Mails are gone,
// later ones are only logged, and [Path] is answered by next, to everybody; one
// warning tells the reason. [Config.Marker] remembers it.
//
// So that browsers give that sign with the first style sheet they ask for, pages
// that would have them send no referrer have them send the origin alone, which
// has no secret of a link in it (ASVS 3.4.5), until the mailbox is shut.
//
// What remains: a program on this machine that hands on requests of others under
// the name of localhost, without any of these signs, looks like this machine
// itself. Until the first browser comes through it, or anybody who does not take
// care to look local, whoever finds the way through it reads the mails. And who
// can make a name of his lead to this machine in a browser here (DNS rebinding)
// can shut the mailbox, though not read it.
func (b *Mailbox) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.watch(r) {
			next.ServeHTTP(w, r)
			return
		}
		if ours := r.URL.Path == Path || strings.HasPrefix(r.URL.Path, Path+"/"); !ours || !b.admits(r) {
			next.ServeHTTP(&telltale{ResponseWriter: w}, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", originOnly)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Vary", "Accept")
		b.mux.ServeHTTP(w, r)
	})
}

func (b *Mailbox) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, b.list)
	mux.HandleFunc("DELETE "+Path, b.forget)
	mux.HandleFunc("POST "+Path+"/clear", b.forget)
	mux.HandleFunc("GET "+Path+"/{id}", b.one)
	mux.HandleFunc("GET "+Path+"/{id}/html", b.markup)
	mux.HandleFunc("GET "+Path+"/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "templates/style.css")
	})
	mux.Handle("GET "+Path+"/{$}", http.RedirectHandler(Path, http.StatusFound))
	return mux
}

func (b *Mailbox) list(w http.ResponseWriter, r *http.Request) {
	mails := b.all()
	if prefersJSON(r) {
		out := make([]shown, len(mails))
		for i, e := range mails {
			out[i] = e.json()
		}
		b.json(w, http.StatusOK, out)
		return
	}
	b.page(w, http.StatusOK, "list.html", map[string]any{"Mails": mails, "Keep": b.cfg.Keep})
}

func (b *Mailbox) one(w http.ResponseWriter, r *http.Request) {
	e, ok := b.named(r)
	asJSON := prefersJSON(r)
	switch {
	case asJSON && ok:
		b.json(w, http.StatusOK, e.json())
	case asJSON:
		b.json(w, http.StatusNotFound, map[string]string{"error": "no such mail"})
	case ok:
		b.page(w, http.StatusOK, "mail.html", map[string]any{"Mail": e, "Text": pieces(e.Text)})
	default:
		b.page(w, http.StatusNotFound, "gone.html", nil)
	}
}

// markup answers with the HTML part as it is. What stands before it gives its
// links a window of their own; a parser takes that as the beginning of the
// mail's own head, and passes over the second doctype (HTML 13.2.6.4).
func (b *Mailbox) markup(w http.ResponseWriter, r *http.Request) {
	e, ok := b.named(r)
	if !ok || e.HTML == "" {
		b.page(w, http.StatusNotFound, "gone.html", nil)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	b.write(w, http.StatusOK, "text/html; charset=utf-8", []byte(`<!doctype html><base target="_blank">`+e.HTML))
}

func (b *Mailbox) forget(w http.ResponseWriter, r *http.Request) {
	b.clear()
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, Path, http.StatusSeeOther)
}

// named returns the mail that the path is about.
func (b *Mailbox) named(r *http.Request) (entry, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return entry{}, false
	}
	return b.find(id)
}

// shown is a mail in JSON, or a text message: then the kind is "sms", and what only
// mails have is empty.
type shown struct {
	ID       int       `json:"id"`
	Kind     string    `json:"kind"`
	At       time.Time `json:"at"`
	Template string    `json:"template"`
	To       string    `json:"to"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	HTML     string    `json:"html"`
}

func (e entry) json() shown {
	kind := "mail"
	if e.SMS {
		kind = "sms"
	}
	return shown{e.ID, kind, e.At.UTC(), e.Template, e.To, e.Subject, e.Text, e.HTML}
}

func (b *Mailbox) json(w http.ResponseWriter, status int, v any) {
	out, err := json.Marshal(v)
	if err != nil {
		b.broken(w, err)
		return
	}
	b.write(w, status, "application/json", append(out, '\n'))
}

func (b *Mailbox) page(w http.ResponseWriter, status int, name string, data any) {
	t, err := template.ParseFS(files, "templates/base.html", "templates/"+name)
	var out bytes.Buffer
	if err == nil {
		err = t.Execute(&out, data)
	}
	if err != nil {
		b.broken(w, err)
		return
	}
	b.write(w, status, "text/html; charset=utf-8", out.Bytes())
}

func (b *Mailbox) broken(w http.ResponseWriter, err error) {
	b.cfg.Log.Error("the mailbox cannot be shown", "err", err)
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

func (b *Mailbox) write(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		b.cfg.Log.Debug("the mailbox was not shown in full", "err", err)
	}
}
