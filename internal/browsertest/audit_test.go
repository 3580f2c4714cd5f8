package browsertest_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserAudit breaks a good page in every way the audit knows and expects
// to be told.
func TestBrowserAudit(t *testing.T) {
	s := serve(t, nil)
	b := open(t, launch(t), s.URL)
	b.visit("/login")
	b.show(360, "light")
	if wrong := eval[[]string](b, audit); len(wrong) > 0 {
		t.Fatalf("the page is not good to begin with: %q", wrong)
	}
	for _, c := range []struct{ name, js, want string }{
		{"pale text", `document.querySelector("h1").style.color = "#999"`, "text of h1"},
		{"pale on a parent's ground", `document.querySelector(".card").style.backgroundColor = "#545454"`, "text of h1"},
		{"translucent", `document.querySelector(".card").style.opacity = "0.5"`, "is translucent"},
		{"no border", `document.querySelector("#email").style.borderColor = "#ddd"`, "border of input#email"},
		{"no label", `document.querySelector("label").remove()`, "has no label"},
		{"no autocomplete", `document.querySelector("#email").autocomplete = ""`, "has no autocomplete"},
		{"too wide", `document.querySelector("#email").style.width = "500px"`, "px wide on a screen of 360px"},
		{"too low", `document.querySelector("main button").style.minBlockSize = "20px"`, "px high"},
		{"two headings", `document.querySelector("h1").after(document.createElement("h1"))`, "2 first headings"},
		{"no landmark", `document.querySelector("main").id = "x"`, "does not skip"},
		{"double id", `document.querySelector("#email").id = "password"`, "two elements have the id"},
		{"lost description", `document.querySelector("#email").setAttribute("aria-describedby", "gone")`, "is not there"},
		{"wrong, but why", `document.querySelector("#email").ariaInvalid = "true"`, "without saying why"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.visit("/login")
			b.do(chromedp.Evaluate[chromedp.Void](c.js))
			if wrong := strings.Join(eval[[]string](b, audit), "\n"); !strings.Contains(wrong, c.want) {
				t.Errorf("the audit says %q, want %q", wrong, c.want)
			}
		})
	}
}
