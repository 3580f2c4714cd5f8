package browsertest_test

import (
	"encoding/base32"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/twofactor"
	"github.com/doorward/doorward/unified"
)

// factors is a site with everything that is about codes.
func factors(t *testing.T, box *letterbox, texts *sms.Outbox) *site {
	t.Helper()
	return serve(t, func(c *batteries.Config) {
		c.Mail.Sender, c.URLs.ServerName = box, "localhost"
		c.Codes.Secrets, c.Codes.Issuer, c.Codes.SMS = map[string]string{"1": "a key for tests, and for nothing else"}, "Lending Library", texts
		c.TwoFactor, c.RecoveryCodes, c.Unified = &twofactor.Config{}, &recoverycodes.Config{}, &unified.Config{}
	})
}

// TestBrowserSecondFactor sets up an authenticator from the page, signs out, and
// signs in with its code; makes recovery codes, and signs in with one of them.
func TestBrowserSecondFactor(t *testing.T) {
	chromium := launch(t)
	for lang, dir := range map[string]string{"en": "ltr", "de": "ltr", "ar": "rtl"} {
		t.Run(lang, func(t *testing.T) {
			box := &letterbox{}
			b := open(t, chromium, factors(t, box, &sms.Outbox{}).URL)
			b.speak(lang)
			w := &walk{tab: b, box: box, lang: lang, dir: dir}
			w.signIn(address, secret)

			w.page("/tf-setup", "tf-setup")
			w.do(chromedp.Click(chromedp.CSS(`input[value="authenticator"]`)))
			w.send("tf-setup-authenticator")
			key := w.scan()
			w.fill("code", "000000")
			w.send("tf-setup-wrong")
			if again := w.scan(); string(again) != string(key) {
				t.Error("a wrong code loses the key that was scanned")
			}
			used := time.Now()
			w.fill("code", w.generate(key, used))
			w.send("tf-setup-done")

			w.page("/mf-recovery-codes", "mf-recovery-codes-none")
			w.send("mf-recovery-codes")
			recovery := regexp.MustCompile(`[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}`).FindAllString(w.text(), -1)
			if len(recovery) != 5 {
				t.Fatalf("%d recovery codes on the page:\n%s", len(recovery), w.text())
			}
			w.page("/tf-setup", "tf-setup-change")

			w.signOut()
			w.half()
			w.see("tf-validate")
			w.fill("code", w.generate(key, used)) // spent
			w.send("tf-validate-wrong")
			w.fill("code", w.generate(key, used.Add(otp.Period)))
			w.send("")
			w.wantText("Books of " + address)

			w.signOut()
			w.half()
			w.do(chromedp.Click(chromedp.CSS(`input[value="recovery_code"]`)))
			w.press(`#rescue`)
			w.see("mf-recovery")
			w.fill("code", strings.ToUpper(strings.ReplaceAll(recovery[1], "-", " ")))
			w.send("")
			w.wantText("Books of " + address)
			w.page("/mf-recovery-codes", "mf-recovery-codes-left")
		})
	}
}

// half gives the password, and is asked for the second factor.
func (w *walk) half() {
	w.t.Helper()
	w.visit("/login?next=/books")
	w.fill("email", address, "password", secret)
	w.send("")
	if !strings.HasPrefix(w.path(), "/tf-validate") {
		w.t.Fatalf("at %s:\n%s", w.path(), w.text())
	}
}

func (w *walk) signOut() {
	w.t.Helper()
	w.visit("/sessions")
	w.press(`header form button`)
}

// scan reads the QR code as an authenticator does, compares it with the link
// beside it, and returns the key.
func (w *walk) scan() []byte {
	w.t.Helper()
	link := eval[string](w.tab, `document.querySelector('a[href^="otpauth:"]').href`)
	if read, ok := w.zbar(); ok && read != link {
		w.t.Errorf("the picture says %q, the link %q", read, link)
	}
	u, err := url.Parse(link)
	if err != nil || u.Host != "totp" || u.Query().Get("issuer") != "Lending Library" || u.Path != "/Lending Library:"+address {
		w.t.Fatalf("link %q: %v", link, err)
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

// generate makes a code as other people's programs do, where one is installed.
func (w *walk) generate(key []byte, at time.Time) string {
	w.t.Helper()
	path, ok := w.installed("oathtool")
	if !ok {
		return otp.Code(key, otp.Step(at))
	}
	out, err := exec.CommandContext(w.t.Context(), path, "--totp", "--base32", otp.Base32(key), "--now", fmt.Sprintf("@%d", at.Unix())).Output()
	if err != nil {
		w.t.Fatalf("oathtool: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// installed finds a program that may be missing.
func (w *walk) installed(name string) (path string, ok bool) {
	w.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("DOORWARD_REQUIRE_SERVICES") == "1" {
		w.t.Fatalf("%s is missing, and DOORWARD_REQUIRE_SERVICES=1 asks for it", name)
	}
	return path, err == nil
}

// zbar reads the picture of the page, where the program is installed.
func (w *walk) zbar() (string, bool) {
	w.t.Helper()
	path, ok := w.installed("zbarimg")
	if !ok {
		return "", false
	}
	w.show(1280, "dark")
	png, err := chromedp.Run(w.ctx, chromedp.Screenshot(chromedp.CSS("#qrcode")))
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.t.TempDir(), "code.png")
	if err := os.WriteFile(file, png, 0o600); err != nil {
		w.t.Fatal(err)
	}
	out, err := exec.CommandContext(w.t.Context(), path, "--raw", "--quiet", file).Output()
	if err != nil {
		w.t.Fatalf("the picture cannot be read: %v", err)
	}
	return strings.TrimSpace(string(out)), true
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// TestBrowserUnified sets up codes by mail and by text message, and signs in with
// each, by a link, and by the authenticator.
func TestBrowserUnified(t *testing.T) {
	chromium := launch(t)
	for lang, dir := range map[string]string{"en": "ltr", "ar": "rtl"} {
		t.Run(lang, func(t *testing.T) {
			box, texts := &letterbox{}, &sms.Outbox{}
			b := open(t, chromium, factors(t, box, texts).URL)
			b.speak(lang)
			w := &walk{tab: b, box: box, lang: lang, dir: dir}
			w.page("/us-signin?next=/books", "us-signin")
			w.fill("identity", address, "passcode", secret)
			w.press(`button[name="submit"]`)
			w.wantText("Books of " + address)

			w.page("/us-setup", "us-setup")
			w.do(chromedp.Click(chromedp.CSS(`input[name="chosen_method"][value="email"]`)))
			w.send("us-setup-email")
			w.fill("passcode", sixDigits.FindString(box.last.Text))
			w.send("us-setup-done")
			w.visit("/us-setup")
			w.do(chromedp.Click(chromedp.CSS(`input[name="chosen_method"][value="sms"]`)))
			w.fill("phone", "+1 415 555 2671")
			w.send("us-setup-sms")
			w.fill("passcode", sixDigits.FindString(texts.Sent()[0].Text))
			w.send("")
			w.page("/us-setup", "us-setup-all")

			w.signOut()
			w.code("email")
			w.fill("identity", address, "passcode", sixDigits.FindString(box.last.Text))
			w.press(`button[name="submit"]`)
			w.wantText("Books of " + address)

			w.signOut()
			w.code("sms")
			w.fill("identity", address, "passcode", sixDigits.FindString(texts.Sent()[len(texts.Sent())-1].Text))
			w.press(`button[name="submit"]`)
			w.wantText("Books of " + address)

			w.signOut()
			w.code("email")
			w.page(box.link(t), "us-verify-link")
			w.send("")
			w.visit("/books")
			w.wantText("Books of " + address)
		})
	}
}

// code asks for a code to sign in with.
func (w *walk) code(method string) {
	w.t.Helper()
	w.visit("/us-signin?next=/books")
	w.fill("identity", address)
	w.do(chromedp.Click(chromedp.CSS(`input[name="chosen_method"][value="` + method + `"]`)))
	w.press(`button[name="submit_send_code"]`)
	w.see("us-signin-sent-" + method)
}
