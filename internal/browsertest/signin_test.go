package browsertest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

	"github.com/doorward/doorward/batteries"
)

func TestBrowserSignIn(t *testing.T) {
	s := serve(t, nil)
	b := open(t, launch(t), s.URL)

	b.visit("/books?shelf=2")
	b.wantPath("/login?next=/books?shelf%3D2")
	b.wantText("Please sign in to see this page.")
	b.look("login-flash")

	b.fill("email", address, "password", secret)
	b.press(`main button[type=submit]`)
	b.wantPath("/books?shelf=2")
	b.wantText("Books of " + address)

	b.visit("/verify")
	b.wantPath("/verify")
	b.look("verify")
	b.press(`.bar form button`)
	b.wantPath("/")
	b.visit("/books")
	b.wantPath("/login?next=/books")
}

func TestBrowserSignInFails(t *testing.T) {
	s := serve(t, func(c *batteries.Config) { c.GenericResponses = true })
	b := open(t, launch(t), s.URL)
	b.visit("/login")
	b.look("login")

	b.fill("email", address, "password", "not the pass phrase")
	b.press(`main button[type=submit]`)
	b.wantPath("/login")
	b.look("login-failed")
	if title := eval[string](b, "document.title"); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("the title %q does not begin with the error", title)
	}
	if at := eval[string](b, "document.activeElement.id"); at != "fs-form-errors" {
		t.Errorf("the focus is on %q, not on what went wrong", at)
	}
	if got := b.alerts(); !strings.Contains(got, "These details do not let you in.") {
		t.Errorf("a screen reader is told %q", got)
	}
	if got := eval[string](b, `document.querySelector("#email").value`); got != address {
		t.Errorf("the address was forgotten: %q", got)
	}
	if got := eval[string](b, `document.querySelector("#password").value`); got != "" {
		t.Errorf("the password came back")
	}
}

// TestBrowserFieldError checks that a message is tied to its field.
func TestBrowserFieldError(t *testing.T) {
	s := serve(t, nil)
	b := open(t, launch(t), s.URL)
	b.visit("/login")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("main form").noValidate = true`))
	b.fill("email", "nobody at all")
	b.press(`main button[type=submit]`)
	b.look("login-fields")
	for _, n := range b.tree() {
		if value(n.Role) != "textbox" || !strings.Contains(value(n.Name), "Email") {
			continue
		}
		if got := value(n.Description); got != "This is not a valid email address." {
			t.Errorf("the field is described as %q", got)
		}
		return
	}
	t.Error("no field for the address in what a screen reader sees")
}

// TestBrowserKeyboard walks through the sign-in page with the Tab key.
func TestBrowserKeyboard(t *testing.T) {
	s := serve(t, nil)
	b := open(t, launch(t), s.URL)
	b.visit("/login")
	var order []string
	for range 12 {
		b.do(chromedp.KeyEvent("\t"))
		at := eval[string](b, `(document.activeElement.id || document.activeElement.className || document.activeElement.tagName).toLowerCase()`)
		if at == "body" {
			break
		}
		order = append(order, at)
		const outline = `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 })()`
		if !eval[bool](b, outline) {
			t.Errorf("nothing shows that %s has the focus", at)
		}
	}
	got := strings.Join(order, " ")
	if !strings.HasPrefix(got, "skip brand ") || !strings.Contains(got, "email password remember button") {
		t.Errorf("the Tab key goes through %s", got)
	}
}

func TestBrowserErrorPages(t *testing.T) {
	s := serve(t, nil)
	b := open(t, launch(t), s.URL)
	if got := b.visit("/keys"); got != 403 {
		t.Errorf("status %d, want 403", got)
	}
	b.wantText("This page is not open to you")
	b.look("error-403")
	b.press(`.links a`)
	b.wantPath("/login")
	for _, status := range []int{400, 404, 405, 409, 429, 500, 503} {
		path := fmt.Sprintf("/error/%d", status)
		if got := b.visit(path); got != status {
			t.Errorf("status %d, want %d", got, status)
		}
		b.look(fmt.Sprintf("error-%d", status))
	}
	b.press(`.links a`) // "Try again"
	b.wantPath("/error/503")
}

// TestBrowserGallery looks at pages that nothing else shows.
func TestBrowserGallery(t *testing.T) {
	s := serve(t, func(c *batteries.Config) { c.Pages.Title = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" })
	b := open(t, launch(t), s.URL)
	for _, page := range []string{"second", "flash"} {
		b.visit("/" + page)
		b.look(page)
		// Right to left, and as narrow as WCAG 2.2 asks (1.4.10).
		b.show(320, "light")
		b.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dir = "rtl"`))
		for _, w := range eval[[]string](b, audit) {
			t.Errorf("%s, right to left: %s", page, w)
		}
		b.keep(page + "-rtl.png")
	}
}

// tree is the page as a screen reader sees it.
func (b *tab) tree() []*accessibility.Node {
	b.t.Helper()
	res, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.t.Fatalf("accessibility tree: %v", err)
	}
	return res.Nodes
}

// alerts returns the words inside elements that are announced at once.
func (b *tab) alerts() string {
	b.t.Helper()
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	var said []string
	var gather func(n *accessibility.Node)
	gather = func(n *accessibility.Node) {
		if n == nil {
			return
		}
		if value(n.Role) == "StaticText" {
			said = append(said, value(n.Name))
		}
		for _, id := range n.ChildIDs {
			gather(nodes[id])
		}
	}
	all := b.tree()
	for _, n := range all {
		nodes[n.NodeID] = n
	}
	for _, n := range all {
		if value(n.Role) == "alert" && !n.Ignored {
			gather(n)
		}
	}
	return strings.Join(said, " ")
}

func value(v *accessibility.Value) string {
	var s string
	if v != nil {
		_ = json.Unmarshal(v.Value, &s)
	}
	return s
}
