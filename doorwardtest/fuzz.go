package doorwardtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
)

var inputPattern = regexp.MustCompile(`<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"`)

// FieldsOf returns the fields of a route's form: those of its page, and those
// that an empty JSON form complains about.
func (b *Browser) FieldsOf(rt doorward.Route) []string {
	b.app.tb.Helper()
	have := map[string]bool{}
	page := b.Clone()
	page.JSON = false
	for _, m := range inputPattern.FindAllStringSubmatch(page.Get(fillPath(rt.Path)+"?next=/x").Body, -1) {
		have[m[1]] = true
	}
	page.JSON = true
	if all, ok := page.PostJSON(fillPath(rt.Path), Fields{}).JSONAt("response.field_errors").(map[string]any); ok {
		for name := range all {
			have[name] = name != ""
		}
	}
	delete(have, "csrf_token")
	names := slices.Sorted(maps.Keys(have))
	return slices.DeleteFunc(names, func(n string) bool { return !have[n] })
}

// jsonValues are what no text field should be.
func jsonValues() map[string]string {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	return map[string]string{
		"null": "null", "true": "true", "false": "false", "integer": "1", "huge number": "1e400", "float": "1.5", "list": "[]", "object": "{}",
		"list of two": `["a@b.example","c@d.example"]`, "nested": `{"a":{"b":[{"c":null}]}}`, "deep": deep, "empty": `""`, "blank": `" "`,
		"NUL": `"a\u0000b"`, "lone surrogate": `"\ud800"`, "fullwidth": `"ｊｏｅ＠ｅｘａｍｐｌｅ.ｃｏｍ"`, "line break": `"joe@example.com\r\nBcc: x@evil.example"`,
		"markup": `"<script>alert(1)</script>"`, "format": `"%(email)s {{.}} ${x} %s"`, "long": `"` + strings.Repeat("a", 300_000) + `"`,
		"SQL": `"' OR '1'='1"`, "traversal": `"../../etc/passwd"`, "right to left": `"\u202egnp.exe"`,
	}
}

func formValues() map[string][]string {
	return map[string][]string{
		"twice": {"a", "b"}, "NUL": {"a\x00b"}, "not UTF-8": {"\xff\xfe"}, "line break": {"a\r\nSet-Cookie: x=y"}, "long": {strings.Repeat("a", 300_000)},
		"fullwidth": {"ｊｏｅ＠ｅｘａｍｐｌｅ.ｃｏｍ"}, "empty": {""}, "many": slices.Repeat([]string{"a"}, 5000), "brackets": {"[]"},
	}
}

// TypeFuzz sends to every route that takes a form values that its fields are
// not made for, and requests that are no form at all, as who may call it.
// The answer must be a clear one in the caller's format, never a 5xx, and
// nothing may be written.
func TypeFuzz(t *testing.T, app *App) {
	t.Helper()
	for _, rt := range app.Routes() {
		if !slices.Contains(rt.Methods(), http.MethodPost) || rt.Name == "logout" {
			continue
		}
		t.Run(rt.Name, func(t *testing.T) {
			one := app.In(t)
			b := one.Browser()
			if rt.Caller >= doorward.UserCaller { // as who gets as far as the form
				b.LoginAs(one.NewUser(doorward.NewUniquifier()[:8] + "@fuzz.example"))
			}
			b.CSRF("")
			fields := b.FieldsOf(rt)
			before := one.Snapshot()
			b.fuzzJSON(t, rt, fields)
			b.fuzzForms(t, rt, fields)
			b.fuzzBodies(t, rt)
			b.fuzzHeaders(t, rt)
			// Recovery codes are made by any form that is well formed: it has buttons only.
			if rt.Name != "mf_recovery_codes" && one.Snapshot() != before {
				t.Error("something was written")
			}
		})
	}
}

func (b *Browser) fuzzJSON(t *testing.T, rt doorward.Route, fields []string) {
	t.Helper()
	for _, field := range fields {
		for name, value := range jsonValues() {
			body := fmt.Sprintf(`{"csrf_token":%q,%q:%s}`, b.token, field, value)
			b.clear(t, name+" in "+field, rt, body, "application/json")
		}
		body := fmt.Sprintf(`{"csrf_token":%q,%q:"x",%q:"x"}`, b.token, field, field)
		if res := b.clear(t, field+" twice", rt, body, "application/json"); res.Status < 400 {
			t.Errorf("%s: a key that is there twice is accepted", field)
		}
	}
}

func (b *Browser) fuzzForms(t *testing.T, rt doorward.Route, fields []string) {
	t.Helper()
	for _, field := range fields {
		for name, values := range formValues() {
			form := url.Values{"csrf_token": {b.token}, field: values}
			b.clear(t, name+" in "+field, rt, form.Encode(), "application/x-www-form-urlencoded")
		}
	}
}

func (b *Browser) fuzzBodies(t *testing.T, rt doorward.Route) {
	t.Helper()
	for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "text/plain", "", "a/b/c;;"} {
		for name, body := range map[string]string{
			"nothing": "", "list": "[]", "list of something": `[{"email":1}]`, "text": `"x"`, "number": "1", "null": "null", "cut off": `{"email":`,
			"no JSON": "<xml/>", "2 MiB": strings.Repeat("a=", 1<<20), "not UTF-8": "\xff\xfe\x00", "bad escapes": "email=%zz&%=%&=;",
			"two objects": "{}{}", "deep": strings.Repeat(`{"a":`, 11000), "part without end": "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n",
		} {
			b.clear(t, name+" as "+contentType, rt, body, contentType)
		}
	}
}

func (b *Browser) fuzzHeaders(t *testing.T, rt doorward.Route) {
	t.Helper()
	long := strings.Repeat("a", 64<<10)
	for name, headers := range map[string]http.Header{
		"many cookies":      {"Cookie": {strings.Repeat("a=b; ", 10_000) + "session=x"}},
		"many of one name":  {"Cookie": {strings.Repeat("session=x; ", 10_000)}},
		"long cookie":       {"Cookie": {"session=" + long}},
		"odd cookies":       {"Cookie": {"=; ;;=x; session; \"session\"=\x7f"}},
		"long token":        {"Authentication-Token": {long}},
		"two tokens":        {"Authentication-Token": {"a", "b"}},
		"long CSRF token":   {"X-Csrftoken": {long}},
		"odd authorization": {"Authorization": {"Basic ", "Basic =", "Basic " + long}},
		"no password":       {"Authorization": {basicAuth("joe@example.com", "")}},
		"odd accept":        {"Accept": {"application/json;q=NaN,;;q=,*/*;q=1e999", ","}},
		"odd language":      {"Accept-Language": {long, "xx-" + long}},
		"forwarded":         {"X-Forwarded-For": {long}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"javascript"}, "Forwarded": {"for=_x"}},
		"odd agent":         {"User-Agent": {"\xff" + long}},
	} {
		c := b.Clone()
		c.Header = headers
		c.clear(t, name, rt, "{}", "application/json")
	}
}

// clear sends a body for JSON and for a page, and checks that the answer is
// one that a client can read.
func (b *Browser) clear(t *testing.T, what string, rt doorward.Route, body, contentType string) *Response {
	t.Helper()
	var res *Response
	for _, accept := range []string{"text/html", "application/json"} {
		c := b.In(t)
		headers := []string{"X-CSRFToken", b.token}
		if contentType != "" {
			headers = append(headers, "Content-Type", contentType)
		}
		if _, odd := c.Header["Accept"]; !odd {
			headers = append(headers, "Accept", accept)
		}
		if _, odd := c.Header["X-Csrftoken"]; odd {
			headers = headers[2:]
		}
		res = c.Do(http.MethodPost, fillPath(rt.Path), strings.NewReader(body), headers...)
		if res.Status >= 500 || res.Status < 200 {
			t.Errorf("%s: %d %s", what, res.Status, clip(res.Body))
		}
		ct := res.Header.Get("Content-Type")
		switch {
		case strings.HasPrefix(ct, "application/json"):
			if !json.Valid([]byte(res.Body)) || res.JSONAt("meta.code") != float64(res.Status) {
				t.Errorf("%s: %d is no envelope: %s", what, res.Status, clip(res.Body))
			}
		case res.Status != http.StatusFound && !strings.HasPrefix(ct, "text/html"):
			t.Errorf("%s: %d is %q", what, res.Status, ct)
		}
		if strings.Contains(res.Body, "<script>alert(1)") || res.Header.Get("Bcc") != "" {
			t.Errorf("%s: markup is not escaped", what)
		}
	}
	return res
}
