package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// client is one browser, at an address of its own.
type client struct {
	http    *http.Client
	url     string
	email   string
	cookies []*http.Cookie
	csrf    string
	patient bool
}

// newClient dials from a loopback address that no other client has, since the
// limits on guessing count addresses.
func (s *server) newClient(i int) *client {
	from := &net.TCPAddr{IP: net.IPv4(127, 10, byte(i>>8), byte(i))}
	if s.o.oneAddress {
		from.IP = net.IPv4(127, 0, 0, 1)
	}
	t := &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext, MaxIdleConnsPerHost: 1}
	return &client{http: &http.Client{Transport: t, Timeout: time.Minute}, url: s.url, email: email(i)}
}

// open gets the cookie and the token that a sign-in needs.
func (c *client) open(ctx context.Context) error {
	res, out, err := c.do(ctx, http.MethodGet, "/login", nil)
	if err != nil {
		return err
	}
	c.cookies, c.csrf = res.Cookies(), out.Response.Token
	return nil
}

type answer struct {
	Response struct {
		Token string `json:"csrf_token"`
	}
}

func (c *client) do(ctx context.Context, method, path string, body any) (*http.Response, answer, error) {
	var out answer
	text, err := json.Marshal(body)
	if err != nil {
		return nil, out, err
	}
	if body == nil {
		text = nil
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, out, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRFToken", c.csrf)
	for _, k := range c.cookies {
		r.AddCookie(k)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, out, err
	}
	b, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		return nil, out, err
	}
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return res, out, err
}

// signIn posts the password. The cookie of before stays, so that the next time
// is a sign-in again.
func (c *client) signIn(ctx context.Context, t *tally) {
	began := time.Now()
	res, _, err := c.do(ctx, http.MethodPost, "/login", map[string]string{"email": c.email, "password": plain})
	took := time.Since(began)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		t.oddity(fmt.Sprintf("%T", err))
	case res.StatusCode == http.StatusOK:
		t.took = append(t.took, took)
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		t.refused++
		t.longest = max(t.longest, took)
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && c.patient {
			rest(ctx, time.Duration(seconds)*time.Second)
		}
	default:
		t.oddity(strconv.Itoa(res.StatusCode))
	}
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// work asks for a page as a signed-in user.
func (c *client) work(ctx context.Context, t *tally) {
	began := time.Now()
	res, _, err := c.do(ctx, http.MethodGet, "/profile", nil)
	took := time.Since(began)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		t.oddity(fmt.Sprintf("%T", err))
	case res.StatusCode != http.StatusOK:
		t.oddity(strconv.Itoa(res.StatusCode))
	default:
		t.took = append(t.took, took)
	}
}

// signedIn returns clients with a session.
func (s *server) signedIn(ctx context.Context, n int) ([]*client, error) {
	var out []*client
	for i := range n {
		c := s.newClient(i)
		if err := c.open(ctx); err != nil {
			return nil, err
		}
		res, _, err := c.do(ctx, http.MethodPost, "/login", map[string]string{"email": c.email, "password": plain})
		if err != nil {
			return nil, err
		}
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("sign in: %s", res.Status)
		}
		c.cookies = res.Cookies()
		out = append(out, c)
	}
	return out, nil
}

// crowd returns clients that are about to sign in, with other users than the
// signed-in ones.
func (s *server) crowd(ctx context.Context, n int) ([]*client, error) {
	var out []*client
	for i := range n {
		c := s.newClient(s.o.clients + i)
		if s.o.oneUser {
			c.email = email(s.o.clients)
		}
		if err := c.open(ctx); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// tally is what became of the requests of some clients.
type tally struct {
	took    []time.Duration // of those that succeeded
	refused int
	longest time.Duration // until a refusal
	odd     map[string]int
	during  time.Duration
}

func (t *tally) oddity(what string) {
	if t.odd == nil {
		t.odd = map[string]int{}
	}
	t.odd[what]++
}

func (t *tally) others() (n int) {
	for _, m := range t.odd {
		n += m
	}
	return n
}

func (t *tally) rate() float64 { return float64(len(t.took)) / t.during.Seconds() }

func (t *tally) quantile(q float64) time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[int(q*float64(len(t.took)-1))].Round(10 * time.Microsecond)
}

// together lets all clients do the same again and again for a time.
func together(ctx context.Context, d time.Duration, clients []*client, do func(*client, context.Context, *tally)) tally {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	each := make([]tally, len(clients))
	var wg sync.WaitGroup
	began := time.Now()
	for i, c := range clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				do(c, ctx, &each[i])
			}
		})
	}
	wg.Wait()
	sum := tally{during: time.Since(began)}
	for _, t := range each {
		sum.took, sum.refused, sum.longest = append(sum.took, t.took...), sum.refused+t.refused, max(sum.longest, t.longest)
		for what, n := range t.odd {
			for range n {
				sum.oddity(what)
			}
		}
	}
	return sum
}
