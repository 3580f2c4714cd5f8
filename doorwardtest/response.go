package doorwardtest

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Response is one answer. Its checks report an error and return the Response,
// so that they can be chained.
type Response struct {
	Status  int
	Header  http.Header
	Body    string
	Cookies []*http.Cookie // set by the answer

	tb   testing.TB
	what string
}

// JSONAt returns the value at a path of keys and indexes, such as
// "response.errors.0", or nil. Keys that hold a dot cannot be reached.
func (r *Response) JSONAt(path string) any {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return nil
	}
	var v any
	if json.Unmarshal([]byte(r.Body), &v) != nil {
		return nil
	}
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// Errors returns the messages on a field; "" is the form as a whole. From a
// page they are read from the markup of the built-in templates.
func (r *Response) Errors(field string) []string {
	if all, ok := r.JSONAt("response.field_errors").(map[string]any); ok {
		return texts(all[field])
	}
	if r.JSONAt("response") != nil {
		if field == "" {
			return texts(r.JSONAt("response.errors"))
		}
		return nil
	}
	id := field + "-errors"
	if field == "" || field == "csrf_token" {
		id = "fs-form-errors"
	}
	list := regexp.MustCompile(`(?s)id="` + regexp.QuoteMeta(id) + `"[^>]*>(.*?)</(?:ul|div)>`).FindStringSubmatch(r.Body)
	if list == nil {
		return nil
	}
	return items(list[1])
}

func texts(v any) []string {
	var out []string
	list, _ := v.([]any)
	for _, x := range list {
		s, _ := x.(string)
		out = append(out, s)
	}
	return out
}

var (
	itemPattern  = regexp.MustCompile(`(?s)<(?:li|p)(?: [^>]*)?>(.*?)</(?:li|p)>`)
	flashPattern = regexp.MustCompile(`(?s)class="flashes"[^>]*>(.*?)</(?:ul|section)>`)
	tokenPattern = regexp.MustCompile(`name="csrf_token" value="([^"]*)"`)
	tagPattern   = regexp.MustCompile(`(?s)<[^>]*>`)
	spacePattern = regexp.MustCompile(`\s+`)
)

func items(list string) []string {
	var out []string
	for _, m := range itemPattern.FindAllStringSubmatch(list, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

// Flashes returns the messages of the last redirect that a page shows.
func (r *Response) Flashes() []string {
	m := flashPattern.FindStringSubmatch(r.Body)
	if m == nil {
		return nil
	}
	return items(m[1])
}

// Text returns what a page says, without markup.
func (r *Response) Text() string {
	plain := html.UnescapeString(tagPattern.ReplaceAllString(r.Body, " "))
	return strings.TrimSpace(spacePattern.ReplaceAllString(plain, " "))
}

// Location is where a redirect leads.
func (r *Response) Location() string { return r.Header.Get("Location") }

// Cookie returns the cookie of that name that the answer set, or nil.
func (r *Response) Cookie(name string) *http.Cookie {
	i := slices.IndexFunc(r.Cookies, func(c *http.Cookie) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return r.Cookies[i]
}

func (r *Response) csrfToken() string {
	if t, ok := r.JSONAt("response.csrf_token").(string); ok {
		return t
	}
	if t, ok := r.JSONAt("csrf_token").(string); ok {
		return t
	}
	if m := tokenPattern.FindStringSubmatch(r.Body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// Want checks the status.
func (r *Response) Want(status int) *Response {
	r.tb.Helper()
	if r.Status != status {
		r.tb.Errorf("%s: status %d, want %d\nLocation: %s\n%s", r.what, r.Status, status, r.Location(), clip(r.Body))
	}
	return r
}

// Contains checks that the body has all the texts.
func (r *Response) Contains(texts ...string) *Response {
	r.tb.Helper()
	for _, t := range texts {
		if !strings.Contains(r.Body, t) {
			r.tb.Errorf("%s: %q is missing from\n%s", r.what, t, clip(r.Body))
		}
	}
	return r
}

// Lacks checks that the body has none of the texts.
func (r *Response) Lacks(texts ...string) *Response {
	r.tb.Helper()
	for _, t := range texts {
		if strings.Contains(r.Body, t) {
			r.tb.Errorf("%s: %q must not be in\n%s", r.what, t, clip(r.Body))
		}
	}
	return r
}

// GoesTo checks that the answer is a redirect to exactly that URL.
func (r *Response) GoesTo(to string) *Response {
	r.tb.Helper()
	r.Want(http.StatusFound)
	if r.Location() != to {
		r.tb.Errorf("%s: leads to %q, want %q", r.what, r.Location(), to)
	}
	return r
}

// Fails checks that the messages on field are exactly these keys.
func (r *Response) Fails(field string, keys ...string) *Response {
	r.tb.Helper()
	if got := r.Errors(field); !slices.Equal(got, keys) {
		r.tb.Errorf("%s: messages on %q are %q, want %q\n%s", r.what, field, got, keys, clip(r.Body))
	}
	return r
}

func clip(s string) string {
	const most = 2000
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
