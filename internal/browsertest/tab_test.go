package browsertest_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/audit.js
var audit string

// launch starts a browser for one test, or skips it where there is none.
func launch(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser is slow")
	}
	path := program()
	if path == "" {
		if os.Getenv("DOORWARD_REQUIRE_BROWSER") == "1" {
			t.Fatal("no Chromium found, and DOORWARD_REQUIRE_BROWSER=1 asks for one")
		}
		t.Skip("no Chromium found; set DOORWARD_BROWSER to one")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

func program() string {
	for _, name := range []string{os.Getenv("DOORWARD_BROWSER"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// tab is a window with cookies of its own. Every answer is watched: what the
// browser complains about fails the test.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu    sync.Mutex
	wrong []string
}

func open(t *testing.T, browser context.Context, base string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			t.Errorf("the browser says: %s", w)
		}
	})
	return b
}

func (b *tab) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		// A page that is an error on purpose is reported as one.
		statusOfPage := ev.Entry.Source == log.EntrySourceNetwork && strings.Contains(ev.Entry.Text, "responded with a status of") &&
			!strings.Contains(ev.Entry.URL, "/fs-static/")
		if !statusOfPage && (ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning) {
			b.wrong = append(b.wrong, fmt.Sprintf("%s (%s)", ev.Entry.Text, ev.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, ev.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(ev.Request.URL, b.base) && !strings.HasPrefix(ev.Request.URL, "data:") {
			b.wrong = append(b.wrong, "asks another host for "+ev.Request.URL)
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", b.path(), err)
	}
}

// load does steps that lead to another page, and returns its status.
func (b *tab) load(steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("%s: next page: %v", b.path(), err)
	}
	return int(res.Status)
}

func (b *tab) visit(path string) int {
	b.t.Helper()
	return b.load(chromedp.Navigate(b.base + path))
}

// press clicks what sel finds and waits for the page it leads to.
func (b *tab) press(sel string) int {
	b.t.Helper()
	return b.load(chromedp.Click(chromedp.CSS(sel)))
}

// fill types into fields, which are given as id and value.
func (b *tab) fill(pairs ...string) {
	b.t.Helper()
	for pair := range slices.Chunk(pairs, 2) {
		sel := chromedp.CSS("#" + pair[0])
		b.do(chromedp.Clear(sel), chromedp.SendKeys(sel, pair[1]))
	}
}

func eval[T any](b *tab, js string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		b.t.Fatalf("evaluate %.60q: %v", js, err)
	}
	return out
}

func (b *tab) path() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return "(no page)"
	}
	return strings.TrimPrefix(at, b.base)
}

func (b *tab) text() string { return eval[string](b, "document.body.innerText") }

func (b *tab) wantPath(want string) {
	b.t.Helper()
	if got := b.path(); got != want {
		b.t.Fatalf("at %s, want %s; the page says:\n%s", got, want, b.text())
	}
}

func (b *tab) wantText(want string) {
	b.t.Helper()
	if !strings.Contains(b.text(), want) {
		b.t.Fatalf("%s does not say %q but:\n%s", b.path(), want, b.text())
	}
}

// look checks the page as it is now on a small and a large screen, light and
// dark.
func (b *tab) look(name string) {
	b.t.Helper()
	for _, width := range []int64{360, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.show(width, scheme)
			for _, w := range eval[[]string](b, audit) {
				b.t.Errorf("%s (%s), %d px, %s: %s", name, b.path(), width, scheme, w)
			}
			b.keep(fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
		}
	}
}

func (b *tab) show(width int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 800), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

func (b *tab) keep(file string) {
	b.t.Helper()
	dir := os.Getenv("DOORWARD_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, file), png, 0o644)
	}
	if err != nil {
		b.t.Errorf("keep a picture: %v", err)
	}
}
