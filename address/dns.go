package address

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Options are the settings of addresses; the zero value is the default. The setting
// names get the prefix SECURITY_.
type Options struct {
	// AllowLocal accepts special-use domains such as localhost, for development.
	AllowLocal bool `setting:"EMAIL_ALLOW_LOCAL" default:"false" help:"accept addresses at localhost, .test and the like, for development"`
	// NoDeliverability leaves the DNS alone: any well-formed address will do.
	NoDeliverability bool `setting:"EMAIL_CHECK_DELIVERABILITY,invert" default:"true" help:"ask the DNS whether the domain of a new address receives mail"`
	// Timeout bounds all DNS questions about one address.
	Timeout time.Duration `setting:"EMAIL_DNS_TIMEOUT" default:"5s" help:"longest wait for DNS when a new address is checked"`
}

// Resolver answers DNS questions. [*net.Resolver] is one. "Does not exist" is a
// [*net.DNSError] with IsNotFound; any other error means that nothing is known.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Validate returns the normal form of an address whose domain can receive mail. An
// error wraps [ErrInvalid] or [ErrUndeliverable], or is the context's. With a nil
// Resolver, with NoDeliverability, or for a domain that AllowLocal alone accepts, no question is asked.
func (o Options) Validate(ctx context.Context, email string, r Resolver) (string, error) {
	normal, err := o.Normalize(email)
	if err != nil || r == nil || o.NoDeliverability {
		return normal, err
	}
	o.AllowLocal = false
	a, err := o.parse(normal)
	if err != nil {
		return normal, nil // accepted above, so it is a special domain
	}
	within, cancel := context.WithTimeout(ctx, cmp.Or(o.Timeout, 5*time.Second))
	defer cancel()
	if reason := undeliverable(within, a.ascii+".", r); reason != nil {
		return "", fmt.Errorf("%w: %w", ErrUndeliverable, reason)
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("address: asking the DNS: %w", err)
	}
	return normal, nil
}

// undeliverable returns what proves that a host takes no mail, or nil. RFC 5321 section
// 5.1: where there is no MX record, the host's own address counts.
func undeliverable(ctx context.Context, host string, r Resolver) error {
	mx, err := r.LookupMX(ctx, host)
	switch {
	case err != nil && !notFound(err) && len(mx) == 0:
		return nil
	case len(mx) == 1 && (mx[0].Host == "." || mx[0].Host == ""):
		return errors.New("its domain takes no mail") // RFC 7505
	case len(mx) > 0:
		return nil
	}
	ips, err := r.LookupNetIP(ctx, "ip", host)
	if len(ips) == 0 && (err == nil || notFound(err)) {
		return errors.New("its domain has no mail server")
	}
	return nil
}

func notFound(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
