package address_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/address"
)

// The standard resolver must keep fitting.
var _ address.Resolver = (*net.Resolver)(nil)

// zone is a Resolver with the same answers for every name; it records the names.
type zone struct {
	mx    []*net.MX
	mxErr error
	ips   []netip.Addr
	ipErr error
	asked []string
	slow  bool
}

func (z *zone) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	z.asked = append(z.asked, name)
	if z.slow {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return z.mx, z.mxErr
}

func (z *zone) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	z.asked = append(z.asked, host)
	return z.ips, z.ipErr
}

func TestValidate(t *testing.T) {
	none := &net.DNSError{Err: "no such host", IsNotFound: true}
	broken := &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	mail := []*net.MX{{Host: "mail.example.com."}}
	ip := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	tests := []struct {
		name string
		zone zone
		want error
		asks int
	}{
		{"MX", zone{mx: mail}, nil, 1},
		{"null MX", zone{mx: []*net.MX{{Host: "."}}}, address.ErrUndeliverable, 1},
		{"address only", zone{mxErr: none, ips: ip}, nil, 2},
		{"neither", zone{mxErr: none, ipErr: none}, address.ErrUndeliverable, 2},
		{"empty answers", zone{}, address.ErrUndeliverable, 2},
		{"MX, some of them malformed", zone{mx: mail, mxErr: broken}, nil, 1},
		{"resolver broken", zone{mxErr: broken}, nil, 1},
		{"resolver broken half-way", zone{mxErr: none, ipErr: broken}, nil, 2},
	}
	for _, tt := range tests {
		got, err := address.Options{}.Validate(t.Context(), "Joe@BÜCHER.example.com", &tt.zone)
		if !errors.Is(err, tt.want) || (err == nil) != (got == "Joe@bücher.example.com") {
			t.Errorf("%s: %q, %v; want %v", tt.name, got, err, tt.want)
		}
		if len(tt.zone.asked) != tt.asks || tt.zone.asked[0] != "xn--bcher-kva.example.com." {
			t.Errorf("%s: asked %q", tt.name, tt.zone.asked)
		}
	}
}

func TestValidateAsksNothing(t *testing.T) {
	z := &zone{}
	if _, err := (address.Options{}).Validate(t.Context(), "joe@x＠evil", z); !errors.Is(err, address.ErrInvalid) {
		t.Errorf("invalid: %v", err)
	}
	if got, err := (address.Options{AllowLocal: true}).Validate(t.Context(), "joe@localhost", z); err != nil || got != "joe@localhost" {
		t.Errorf("local: %q, %v", got, err)
	}
	if got, err := (address.Options{}).Validate(t.Context(), "joe@example.com", nil); err != nil || got != "joe@example.com" {
		t.Errorf("no resolver: %q, %v", got, err)
	}
	if got, err := (address.Options{NoDeliverability: true}).Validate(t.Context(), "joe@nowhere.example", z); err != nil || got != "joe@nowhere.example" {
		t.Errorf("no deliverability: %q, %v", got, err)
	}
	if len(z.asked) > 0 {
		t.Errorf("asked %q", z.asked)
	}
}

func TestValidateDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := address.Options{Timeout: time.Second}.Validate(t.Context(), "joe@example.com", &zone{slow: true})
		if err != nil || got == "" || time.Since(start) != time.Second {
			t.Errorf("%q, %v after %v", got, err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := (address.Options{}).Validate(ctx, "joe@example.com", &zone{slow: true}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
