package devmail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
)

const markerText = "Somebody beyond this machine reached the doorward server: its mails are not shown any more. See docs/mail.md.\n"

// Shut reports whether the mailbox is shut, which it stays. Then [Path] is
// answered as if there were none, and mails are not kept.
func (b *Mailbox) Shut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shut
}

// watch reports whether the mailbox is open, and shuts it if r comes from
// somebody beyond this machine.
func (b *Mailbox) watch(r *http.Request) bool {
	if b.Shut() {
		return false
	}
	reason := stranger(r)
	if reason != "" {
		b.trip(r.Context(), reason)
	}
	return reason == ""
}

// trip shuts the mailbox. Of any number of callers one is the first, who leaves
// the marker and tells.
func (b *Mailbox) trip(ctx context.Context, reason string) {
	if !b.drop() {
		return
	}
	err := mark(b.cfg.Marker)
	again := "to show mails again, restart the server"
	if b.cfg.Marker != "" {
		again = "to show mails again, delete " + b.cfg.Marker + " and restart the server"
	}
	b.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "others than this machine reach the server: mails are not shown any more, and those shown are gone; "+
		"set MAIL_SERVER to send them; "+again, slog.String("reason", reason))
	if err != nil {
		b.cfg.Log.LogAttrs(ctx, slog.LevelError, "that mails are not to be shown is forgotten at the next start", slog.Any("err", err))
	}
}

// drop lets go of all mails and reports whether the mailbox was open.
func (b *Mailbox) drop() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := !b.shut
	b.shut, b.kept, b.bytes = true, nil, 0
	return was
}

// marked reports whether there is a marker. One that cannot be looked for is
// there (ASVS 16.5.3: fail securely).
func marked(path string) bool {
	if path == "" {
		return false
	}
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// mark makes the marker, unless it is there.
func mark(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("devmail: make the marker: %w", err)
	}
	_, err = f.WriteString(markerText)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("devmail: write the marker: %w", err)
	}
	return nil
}

// originOnly is the referrer policy of pages that are watched.
const originOnly = "strict-origin"

// telltale has browsers tell the origin of a page that would have them tell
// nothing.
type telltale struct {
	http.ResponseWriter
	wrote bool
}

// WriteHeader implements [http.ResponseWriter].
func (t *telltale) WriteHeader(status int) {
	if h := t.Header(); !t.wrote && h.Get("Referrer-Policy") == "no-referrer" {
		h.Set("Referrer-Policy", originOnly)
	}
	t.wrote = t.wrote || status >= http.StatusOK
	t.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (t *telltale) Write(p []byte) (int, error) {
	if !t.wrote {
		t.WriteHeader(http.StatusOK)
	}
	return t.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] at what the server's own can do.
func (t *telltale) Unwrap() http.ResponseWriter { return t.ResponseWriter }
