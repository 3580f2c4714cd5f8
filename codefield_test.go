package doorward_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward"
)

type variedForm struct {
	Code  string   `json:"code" kind:"code"`
	List  []string `json:"list"`
	Plain string   `json:"plain"`
}

// varied is a feature that answers what it was sent.
func varied() *bare {
	f := &bare{name: "varied"}
	f.init = func(rt *doorward.Runtime) error {
		form := doorward.Form[variedForm]{Submit: func(_ http.ResponseWriter, _ *http.Request, in *variedForm) (doorward.Result, error) {
			return doorward.Result{Redirect: "/", JSON: map[string]any{"got": fmt.Sprintf("%q %q %q", in.Code, in.List, in.Plain)}}, nil
		}}
		return rt.Handle(form.Route(doorward.Route{Name: "varied", Path: "/varied"}))
	}
	return f
}

// A code may be a whole number, of which the zeros before it are restored, and
// a list may be one text. Nothing else is taken for what it is not.
func TestCodeAndListFields(t *testing.T) {
	app := withFeatures(t, nil, varied())
	b := app.Browser()
	b.JSON = true
	got := func(code, list, plain string) string { return fmt.Sprintf("%q %s %q", code, list, plain) }
	long := strings.Repeat(`"x",`, 31)
	for _, tt := range []struct {
		fields string
		want   string // "" and the field that is wrong
		wrong  string
	}{
		{`"code":"012345"`, got("012345", "[]", ""), ""},
		{`"code":"12345"`, got("12345", "[]", ""), ""},
		{`"code":"1e3"`, got("1e3", "[]", ""), ""},
		{`"code":123456`, got("123456", "[]", ""), ""},
		{`"code":12345`, got("012345", "[]", ""), ""},
		{`"code":7`, got("000007", "[]", ""), ""},
		{`"code":0`, got("000000", "[]", ""), ""},
		{`"code":null`, got("", "[]", ""), ""},
		{`"plain":"x"`, got("", "[]", "x"), ""},
		{`"code":1234567`, "", "code"},
		{`"code":-1`, "", "code"},
		{`"code":-0`, "", "code"},
		{`"code":-12345`, "", "code"},
		{`"code":1.0`, "", "code"},
		{`"code":123.4`, "", "code"},
		{`"code":1e3`, "", "code"},
		{`"code":1E5`, "", "code"},
		{`"code":1e-3`, "", "code"},
		{`"code":1e999999999`, "", "code"},
		{`"code":` + strings.Repeat("9", 100000), "", "code"},
		{`"code":true`, "", "code"},
		{`"code":false`, "", "code"},
		{`"code":[123456]`, "", "code"},
		{`"code":["123456"]`, "", "code"},
		{`"code":{"code":123456}`, "", "code"},
		{`"code":"\u0000"`, "", "code"},
		{`"plain":123456`, "", "plain"}, // this is no code

		{`"list":["a","b"]`, got("", `["a" "b"]`, ""), ""},
		{`"list":["a","a",""]`, got("", `["a" "a" ""]`, ""), ""},
		{`"list":"a"`, got("", `["a"]`, ""), ""},
		{`"list":"a,b"`, got("", `["a,b"]`, ""), ""},
		{`"list":""`, got("", `[]`, ""), ""},
		{`"list":[]`, got("", `[]`, ""), ""},
		{`"list":null`, got("", `[]`, ""), ""},
		{`"list":[` + long + `"y"]`, got("", "["+strings.Repeat(`"x" `, 31)+`"y"]`, ""), ""},
		{`"list":[` + long + `"y","z"]`, "", "list"},
		{`"list":[1]`, "", "list"},
		{`"list":["a",null]`, "", "list"},
		{`"list":["a",["b"]]`, "", "list"},
		{`"list":[{"a":"b"}]`, "", "list"},
		{`"list":{"a":"b"}`, "", "list"},
		{`"list":1`, "", "list"},
		{`"list":true`, "", "list"},
		{`"list":["a\u0000"]`, "", "list"},
		{`"list":"\u0000"`, "", "list"},
	} {
		token := b.CSRF("/varied")
		res := b.Do(http.MethodPost, "/varied", strings.NewReader(`{"csrf_token":"`+token+`",`+tt.fields+`}`), "Content-Type", "application/json")
		if tt.wrong != "" {
			res.Want(400).Fails(tt.wrong, "API_ERROR")
		} else if got := res.Want(200).JSONAt("response.got"); got != tt.want {
			t.Errorf("%.60s: %v, want %v", tt.fields, got, tt.want)
		}
	}
	for _, malformed := range []string{`"code":000123`, `"code":+1`, `"code":0x10`, `"code":NaN`, `"code":1,"code":2`, `"code":１`} {
		res := b.Do(http.MethodPost, "/varied", strings.NewReader(`{"csrf_token":"`+b.CSRF("/varied")+`",`+malformed+`}`), "Content-Type", "application/json")
		res.Want(400).Contains("API_ERROR").Lacks(`"got"`)
	}
}

func TestCodeAndListPosted(t *testing.T) {
	app := withFeatures(t, nil, varied())
	b := app.Browser()
	b.JSON = true
	for _, tt := range []struct {
		form  url.Values
		want  string
		wrong string
	}{
		{url.Values{"code": {"12345"}}, `"12345" [] ""`, ""}, // a text: what was typed
		{url.Values{"list": {"a"}}, `"" ["a"] ""`, ""},
		{url.Values{"list": {"a", "b", "a"}}, `"" ["a" "b" "a"] ""`, ""},
		{url.Values{"list": {""}}, `"" [] ""`, ""},
		{url.Values{"list": {"", ""}}, `"" ["" ""] ""`, ""},
		{url.Values{"list": make([]string, 32)}, `"" [` + strings.TrimSpace(strings.Repeat(`"" `, 32)) + `] ""`, ""},
		{url.Values{"list": make([]string, 33)}, "", "list"},
		{url.Values{"list": {"a", "b\x00"}}, "", "list"},
		{url.Values{"list": {"a", "\xff"}}, "", "list"},
		{url.Values{"code": {"123456", "123456"}}, "", "code"},
		{url.Values{"plain": {"a", "b"}}, "", "plain"},
	} {
		tt.form.Set("csrf_token", b.CSRF("/varied"))
		res := b.Do(http.MethodPost, "/varied", strings.NewReader(tt.form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
		if tt.wrong != "" {
			res.Want(400).Fails(tt.wrong, "API_ERROR")
		} else if got := res.Want(200).JSONAt("response.got"); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.form, got, tt.want)
		}
	}
}
