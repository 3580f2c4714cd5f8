// Package devmail is the mailbox of a server that has no mail server: mails and
// text messages stay in memory, and whoever sits at the machine reads them in a
// browser. It is there so that somebody can try confirming, resetting and signing
// in by mail and by codes before there is anything to send them with.
//
// What it shows signs people in. Nobody beyond the machine is answered, and once
// anybody beyond it reaches the server the mailbox is shut for good: see
// [Mailbox.Handler], which also tells what that cannot see.
package devmail

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail"
)

// Path is where the mails are shown.
const Path = "/dev/mail"

// overhead is counted for each mail besides its text, so that many empty ones
// are not free.
const overhead = 256

// Config is what a mailbox may be told; the zero value is the default.
type Config struct {
	Keep     int `setting:"DOORWARD_DEV_MAIL_KEEP,bare" default:"100" help:"How many mails and text messages are kept for /dev/mail; the oldest go first."`
	MaxBytes int `setting:"DOORWARD_DEV_MAIL_MAX_BYTES,bare" default:"8388608" help:"How many bytes of mails and text messages are kept for /dev/mail; the oldest go first."`

	Log    *slog.Logger     `setting:"-"` // told of each mail; default slog.Default
	Debug  bool             `setting:"-"` // write the links of mails to the log, which sign in whoever reads it
	Now    func() time.Time `setting:"-"` // default time.Now
	Marker string           `setting:"-"` // file that remembers that the mailbox is shut; empty: a restart opens it
}

// Mailbox keeps the newest mails. It is a [mail.Sender] and an [http.Handler],
// and safe for concurrent use.
type Mailbox struct {
	cfg         Config
	mux         *http.ServeMux
	crossOrigin *http.CrossOriginProtection

	mu    sync.Mutex
	shut  bool    // for good; then nothing is kept
	last  int     // number of the newest mail ever kept
	bytes int     // in kept
	kept  []entry // oldest first
}

// entry is a mail, or a text message in the form of one, with its number. Numbers
// are not used again.
type entry struct {
	mail.Message
	SMS bool
	ID  int
	At  time.Time
}

// Title is what a list calls it.
func (e entry) Title() string {
	switch {
	case e.SMS:
		return "Text message"
	case e.Subject == "":
		return "(no subject)"
	}
	return e.Subject
}

// New returns an empty mailbox, which is shut if the marker is there. Limits
// below 1 are the defaults.
func New(cfg Config) *Mailbox {
	cfg.Keep, cfg.MaxBytes = max(cfg.Keep, 0), max(cfg.MaxBytes, 0)
	if err := conf.Defaults(&cfg); err != nil { // the tags above are wrong
		cfg.Keep, cfg.MaxBytes = 1, 1<<20
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	b := &Mailbox{cfg: cfg, crossOrigin: http.NewCrossOriginProtection(), shut: marked(cfg.Marker)}
	b.mux = b.routes()
	return b
}

// Queued marks a sender that returns at once.
func (b *Mailbox) Queued() {}

// Send implements [mail.Sender]. It never waits, so that ctx being done changes
// nothing. It fails for a mail that would not fit if there were no other. Once
// the mailbox is shut it keeps nothing and does what [mail.Log] does.
//
// The line it logs says where to read the mail and, unless Debug is on, nothing
// of its text: a link in there is a credential (ASVS 16.2.5).
func (b *Mailbox) Send(ctx context.Context, m mail.Message) error {
	if n := size(m); n > b.cfg.MaxBytes {
		return fmt.Errorf("devmail: the mail %q takes %d bytes, more than the %d that all may take", m.Template, n, b.cfg.MaxBytes)
	}
	id, ok := b.keep(entry{Message: m})
	if !ok {
		return mail.Log{Logger: b.cfg.Log}.Send(ctx, m)
	}
	attrs := []slog.Attr{
		slog.String("template", m.Template), slog.String("to", m.To), slog.String("subject", m.Subject),
		slog.String("read", where(id)),
	}
	if b.cfg.Debug {
		attrs = append(attrs, slog.Any("links", links(m)))
	}
	b.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "no mail server is configured: a mail waits here", attrs...)
	return nil
}

// keep adds e and lets go of the oldest beyond the limits, unless the mailbox is
// shut.
func (b *Mailbox) keep(e entry) (id int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shut {
		return 0, false
	}
	b.last++
	e.ID, e.At = b.last, b.cfg.Now()
	b.kept = append(b.kept, e)
	b.bytes += size(e.Message)
	over := 0
	for len(b.kept)-over > b.cfg.Keep || b.bytes > b.cfg.MaxBytes {
		b.bytes -= size(b.kept[over].Message)
		over++
	}
	b.kept = slices.Delete(b.kept, 0, over)
	return b.last, true
}

// all returns the mails, newest first.
func (b *Mailbox) all() []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.kept)
	slices.Reverse(out)
	return out
}

func (b *Mailbox) find(id int) (entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := slices.BinarySearchFunc(b.kept, id, func(e entry, id int) int { return e.ID - id })
	if !ok {
		return entry{}, false
	}
	return b.kept[i], true
}

func (b *Mailbox) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept, b.bytes = nil, 0
}

func size(m mail.Message) int {
	return overhead + len(m.To) + len(m.From) + len(m.Subject) + len(m.Text) + len(m.HTML) + len(m.Template)
}

func where(id int) string { return fmt.Sprintf("%s/%d", Path, id) }
