package flaskcompat_test

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"testing"

	"github.com/doorward/doorward/flaskcompat"
)

// markCase is a case of testdata/vectors_session.py, which explains the fields.
type markCase struct {
	Name, Peer, Client string
	Agent, Forwarded   *string
	Older, Recent      string
}

func (c markCase) request(t *testing.T) (*http.Request, netip.Addr) {
	r := &http.Request{RemoteAddr: net.JoinHostPort(c.Peer, "4711"), Header: http.Header{}}
	for name, value := range map[string]*string{"User-Agent": c.Agent, "X-Forwarded-For": c.Forwarded} {
		if value != nil {
			r.Header.Set(name, string(bytesOf(t, *value)))
		}
	}
	return r, netip.MustParseAddr(c.Client)
}

func TestMarksAreThoseOfFlaskLogin(t *testing.T) {
	for _, c := range casesOf[markCase](t, "marks.json", 15) {
		t.Run(c.Name, func(t *testing.T) {
			for version, want := range map[string][]string{
				"": {c.Older, c.Recent}, "0.6": {c.Older, c.Recent}, "0.7": {c.Recent, c.Older},
			} {
				if got := marksOf(t, version).Marks(c.request(t)); !slices.Equal(got, want) {
					t.Errorf("%s: %q\nnot %q", version, got, want)
				}
			}
		})
	}
}

func marksOf(t testing.TB, version string) interface {
	Marks(*http.Request, netip.Addr) []string
} {
	t.Helper()
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte("k"), LoginVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	return set.Session
}

// What a request may lack, or have twice, counts as what Python makes of it.
func TestMarksOfOddRequests(t *testing.T) {
	agent := func(lines ...string) http.Header { return http.Header{"User-Agent": lines} }
	forwarded := func(lines ...string) http.Header { return http.Header{"X-Forwarded-For": lines} }
	tests := map[string]struct {
		a, b  http.Request
		equal bool
	}{
		"lines are joined":       {http.Request{Header: agent("a", "b")}, http.Request{Header: agent("a,b")}, true},
		"lines of addresses too": {http.Request{Header: forwarded("1.2.3.4", "5.6.7.8")}, http.Request{Header: forwarded("1.2.3.4")}, true},
		"a socket":               {http.Request{RemoteAddr: "@"}, http.Request{}, true},
		"a zone":                 {http.Request{RemoteAddr: "[fe80::1%eth0]:1"}, http.Request{RemoteAddr: "[fe80::1]:1"}, true},
		"nobody named":           {http.Request{Header: agent("")}, http.Request{}, false},
		"a port is no address":   {http.Request{RemoteAddr: "1.2.3.4:1"}, http.Request{RemoteAddr: "1.2.3.4:2"}, true},
		"another peer":           {http.Request{RemoteAddr: "1.2.3.4:1"}, http.Request{RemoteAddr: "1.2.3.5:1"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := marksOf(t, "0.6")
			a, b := s.Marks(&tt.a, netip.Addr{})[0], s.Marks(&tt.b, netip.Addr{})[0]
			if (a == b) != tt.equal {
				t.Errorf("%s\n%s", a, b)
			}
		})
	}
}

func TestMarksOfMappedAddresses(t *testing.T) {
	s, r := marksOf(t, "0.7"), &http.Request{}
	plain := s.Marks(r, netip.MustParseAddr("192.0.2.1"))[0]
	if mapped := s.Marks(r, netip.MustParseAddr("::ffff:192.0.2.1"))[0]; mapped != plain {
		t.Errorf("%s\n%s", mapped, plain)
	}
	if none := s.Marks(r, netip.Addr{})[0]; none == plain {
		t.Error("no address is that one")
	}
}
