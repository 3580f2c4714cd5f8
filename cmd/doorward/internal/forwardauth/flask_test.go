package forwardauth_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codec"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/flaskcompat"
)

// A session that Flask began has no row, and the time of its proof counts as that
// of any other.
func TestBegunByFlask(t *testing.T) {
	d := newBareDoor(t, func(c *batteries.Config) { c.Flask = &flaskcompat.Config{} })
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(kit.SecretKey)})
	if err != nil {
		t.Fatal(err)
	}
	joe, now := d.NewUser("joe@example.com"), d.Clock.Now()
	b := d.Browser()
	addr := netip.MustParseAddrPort(b.Addr).Addr()
	r := d.request("", b)
	signIn := func(proved time.Time) {
		value, err := set.Session.Seal(codec.Cookie{
			User: joe.SecurityAccount().Uniquifier, Fresh: true, AuthnAt: proved, CSRF: []byte(strings.Repeat("ab", 10)),
			Mark: set.Session.Marks(r, addr)[0],
		}, now)
		if err != nil {
			t.Fatal(err)
		}
		b.SetCookie("session", value)
	}
	for name, c := range map[string]struct {
		proved time.Time
		query  string
		more   []string
		status int
	}{
		"who it is":       {time.Time{}, "", nil, 200},
		"lately":          {now.Add(-10 * time.Minute), "within=15m", nil, 200},
		"long ago":        {now.Add(-20 * time.Minute), "within=15m", nil, 302},
		"never":           {time.Time{}, "within=15m", nil, 302},
		"in the future":   {now.Add(time.Hour), "within=15m", nil, 302},
		"another browser": {now, "within=15m", []string{"User-Agent", "a thief's"}, 302},
	} {
		signIn(c.proved)
		if got, _ := d.ask(c.query, b, c.more...); got != c.status {
			t.Errorf("%s: %d", name, got)
		}
	}
}
