package doorward

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
)

func asProblem(err error) (*Problem, bool) {
	var p *Problem
	ok := errors.As(err, &p)
	return p, ok
}

// unavailable marks an error of the store while a request's identity was
// looked up: nobody can say who is asking, so the answer is 503.
type unavailable struct{ error }

func (u unavailable) Unwrap() error { return u.error }

// respond turns what a handler returned into the answer: the one place where
// the format is chosen, messages become words, generic mode applies, and
// operators' errors are logged.
func (e *engine) respond(w http.ResponseWriter, r *http.Request, res Result, err error) {
	p, isProblem := asProblem(err)
	if err != nil && !isProblem {
		p = e.operatorProblem(r, err)
	}
	if isProblem && p.Err != nil {
		e.log.DebugContext(r.Context(), "request refused", "method", r.Method, "path", loggedPath(r), "refusal", p.Error(), "cause", p.Err)
	}
	if p != nil && p.conceal != nil && e.cfg.GenericResponses {
		fields := res.fields
		res, p = *p.conceal, nil
		res.fields = fields
	}
	e.flash(r, res, p)
	switch {
	case res.Always && p == nil:
		e.redirect(w, res.Redirect)
	case e.cfg.WantsJSON(r):
		e.writeJSON(w, r, res, p)
	case p != nil:
		e.writeProblem(w, r, res, p)
	case res.Redirect != "":
		e.redirect(w, res.Redirect)
	default:
		e.writePage(w, r, statusOf(res.Status, http.StatusOK), res, nil)
	}
}

func statusOf(have, def int) int {
	if have == 0 {
		return def
	}
	return have
}

// loggedPath is the path for the log: the route's pattern where it is known,
// since a last segment may be a secret (ASVS 16.2.5).
func loggedPath(r *http.Request) string {
	if r.Pattern != "" {
		return r.Pattern
	}
	return r.URL.Path
}

// outage keeps a store that is away from filling the log: of its errors one a
// second is written, with how many were not.
type outage struct {
	mu   sync.Mutex
	last time.Time
	more int
}

func (o *outage) tell(down bool, now time.Time) (more int, told bool) {
	if !down {
		return 0, true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.IsZero() || now.Sub(o.last).Abs() >= time.Second {
		more, o.more, o.last = o.more, 0, now
		return more, true
	}
	o.more++
	return 0, false
}

// operatorProblem logs err once and returns what the visitor sees of it.
func (e *engine) operatorProblem(r *http.Request, err error) *Problem {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		e.log.DebugContext(r.Context(), "request abandoned", "method", r.Method, "path", loggedPath(r))
		return refuse(http.StatusServiceUnavailable, "UNAVAILABLE")
	}
	_, down := errors.AsType[unavailable](err)
	down = down || errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
	if more, told := e.outage.tell(down, e.now()); told {
		e.log.ErrorContext(r.Context(), "request failed", "method", clip(r.Method, 20), "path", clip(loggedPath(r), 200), "err", err, "untold", more)
	}
	if down {
		p := refuse(http.StatusServiceUnavailable, "UNAVAILABLE")
		p.RetryAfter = 5 * time.Second
		return p
	}
	return refuse(http.StatusInternalServerError, "INTERNAL_ERROR")
}

// flash keeps the messages that a browser sees on its next page. A JSON answer
// carries its own.
func (e *engine) flash(r *http.Request, res Result, p *Problem) {
	v := visitFrom(r.Context())
	if v == nil || e.cfg.WantsJSON(r) && !res.Always {
		return
	}
	lang := v.language()
	var out []flash
	for _, m := range res.Flash {
		out = append(out, flash{e.category(m), e.text(lang, m)})
	}
	if p != nil && p.redirect != "" && !p.quiet {
		for _, fe := range p.Errors {
			out = append(out, flash{e.category(fe.Message), e.text(lang, fe.Message)})
		}
	}
	v.flash(out)
}

func (e *engine) redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

// writeProblem answers a browser: a redirect, the form again, or a bare page.
func (e *engine) writeProblem(w http.ResponseWriter, r *http.Request, res Result, p *Problem) {
	status := statusOf(p.Status, http.StatusBadRequest)
	e.problemHeaders(w, p)
	switch {
	case p.redirect != "" && p.basic == "":
		e.redirect(w, p.redirect)
	case res.Page == "":
		e.writePage(w, r, status, Result{Page: "security/error.html", Values: map[string]any{"Status": status}}, p)
	default:
		if !p.strict && (status == http.StatusBadRequest || status == http.StatusInternalServerError) {
			status = http.StatusOK
		}
		e.writePage(w, r, status, res, p)
	}
}

func (e *engine) problemHeaders(w http.ResponseWriter, p *Problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if p.basic != "" {
		w.Header().Set("WWW-Authenticate", "Basic realm="+strconv.QuoteToASCII(p.basic)+`, charset="UTF-8"`)
	}
}

// writeJSON writes the envelope of the contract.
func (e *engine) writeJSON(w http.ResponseWriter, r *http.Request, res Result, p *Problem) {
	status, body := statusOf(res.Status, http.StatusOK), map[string]any{}
	if p != nil {
		status = statusOf(p.Status, http.StatusBadRequest)
		e.problemHeaders(w, p)
		e.problemBody(body, e.languageOf(r.Context()), res, p)
	} else {
		for k, v := range res.JSON {
			body[k] = v
		}
		if res.User != nil {
			body["user"] = payloadOf(res.User)
		}
		if t := CSRFToken(r.Context()); !res.Bare && t != "" {
			body["csrf_token"] = t
		}
	}
	out, err := asciiJSON(map[string]any{"meta": map[string]any{"code": status}, "response": body})
	if err != nil {
		e.log.ErrorContext(r.Context(), "answer is no JSON", "path", loggedPath(r), "err", err)
		status, out = http.StatusInternalServerError, []byte(`{"meta":{"code":500},"response":{}}`+"\n")
	}
	w.Header().Set("Content-Type", "application/json")
	e.languageHeaders(w.Header(), r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

func (e *engine) problemBody(body map[string]any, lang string, res Result, p *Problem) {
	fields := map[string][]string{}
	all := []string{}
	for _, fe := range p.shown(e.cfg.GenericResponses, res.fields, e.cfg.CSRF.Field) {
		text := e.text(lang, fe.Message)
		fields[fe.Field] = append(fields[fe.Field], text)
		all = append(all, text)
	}
	body["errors"] = all
	if !p.bare {
		body["field_errors"] = fields
	}
	for k, v := range p.json {
		body[k] = v
	}
}

// asciiJSON is compact JSON with sorted keys, everything but ASCII escaped, and
// a newline at the end, as clients of the contract have always got it.
func asciiJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	raw := b.Bytes()
	if isASCII(raw) {
		return raw, nil
	}
	var out strings.Builder
	for _, c := range string(raw) {
		switch {
		case c < 0x80:
			out.WriteByte(byte(c))
		case c < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			hi, lo := utf16.EncodeRune(c)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		}
	}
	return []byte(out.String()), nil
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// wantsJSON is the contract's rule: a JSON request is answered in JSON, and so
// is one whose best Accept entry is exactly application/json.
func wantsJSON(r *http.Request) bool {
	return isJSON(r.Header.Get("Content-Type")) || bestAccept(r.Header.Get("Accept")) == "application/json"
}

// bestAccept returns the first entry of an Accept header after ordering by
// specificity, then quality, then position.
func bestAccept(h string) string {
	best, bestRank, bestQ := "", -1, 0.0
	for entry := range strings.SplitSeq(h, ",") {
		typ, params, _ := strings.Cut(entry, ";")
		typ = strings.ToLower(strings.TrimSpace(typ))
		q := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if k, v, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(strings.TrimSpace(k), "q") {
				if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
					q = f
				}
			}
		}
		rank := 2
		switch {
		case typ == "*/*":
			rank = 0
		case strings.HasSuffix(typ, "/*"):
			rank = 1
		}
		if typ == "" || q <= 0 || rank < bestRank || rank == bestRank && q <= bestQ {
			continue
		}
		best, bestRank, bestQ = typ, rank, q
	}
	return best
}
