package sessions

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/doorward/doorward"
)

// entry is a session as it is shown; its json keys are the API.
type entry struct {
	ID       string    `json:"id"`
	Device   string    `json:"device"`
	Browser  string    `json:"browser"`
	OS       string    `json:"os"`
	Address  string    `json:"address"`
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"last_seen"`
	Current  bool      `json:"current"`
	Via      []string  `json:"via"`
}

func (f *Feature) page(r *http.Request, _ *endForm) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	list, err := f.list(r.Context(), id)
	if err != nil {
		return doorward.Result{}, err
	}
	others := slices.ContainsFunc(list, func(e entry) bool { return !e.Current })
	return doorward.Result{Page: f.cfg.Template, Scope: "sessions",
		Values: map[string]any{"Sessions": list, "Others": others}, JSON: map[string]any{"sessions": list}}, nil
}

// list returns the caller's sessions: the current one, then the newest.
func (f *Feature) list(ctx context.Context, id doorward.Identity) ([]entry, error) {
	rows, err := f.rt.Accounts().Sessions(ctx, id.User)
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, len(rows))
	for _, s := range rows {
		out = append(out, entryOf(s, s.IDHash == id.SessionID))
	}
	slices.SortStableFunc(out, func(a, b entry) int {
		switch {
		case a.Current == b.Current:
			return 0
		case a.Current:
			return -1
		}
		return 1
	})
	return out[:min(len(out), f.cfg.Max)], nil
}

func entryOf(s doorward.Session, current bool) entry {
	e := entry{ID: s.IDHash, Address: s.Address, Created: utc(s.CreatedAt), LastSeen: utc(s.SeenAt), Current: current, Via: s.Via}
	if e.Via == nil {
		e.Via = []string{}
	}
	e.Device, e.Browser, e.OS = name(s.UserAgent)
	return e
}

// utc drops what is below a second: nobody needs to know more.
func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// CreatedText and LastSeenText are the times for people to read.
func (e entry) CreatedText() string { return e.Created.Format(readable) }

// LastSeenText is to LastSeen what CreatedText is to Created.
func (e entry) LastSeenText() string { return e.LastSeen.Format(readable) }

const readable = "2006-01-02 15:04 UTC"
