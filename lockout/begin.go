package lockout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/anycase"
)

// The rows of a try, by their place in its keys.
const (
	seatRow    = iota // the account as tried from this address, or by this known browser
	accountRow        // the account, from wherever
	addressRow        // this address, whatever the account
)

// try is a doorward.Try with its rows.
type try struct {
	doorward.Try
	keys []string
	// known: this browser signed in to the account before. It has a seat of its
	// own, and neither its address nor the account's lock matter.
	known bool
	// only: nothing names an account, so the address is all there is to count.
	only bool
	rate rate // of the address

	place *place // when it has one
	land  func() // takes it off those of its address that are being compared
}

func (f *Feature) try(r *http.Request, t doorward.Try) try {
	network := f.network(t.Addr)
	if rate, ok := f.rates[t.Kind]; ok {
		return try{Try: t, only: true, rate: rate, keys: []string{f.names.Digest(t.Kind + "\x00" + network)}}
	}
	if kind, ok := strings.CutPrefix(t.Kind, doorward.KindMail); ok {
		rate, from := f.toAccount, ""
		switch kind {
		case kindCode, doorward.KindText:
			rate = f.codes
			// A stranger must not keep the codes from whoever signed in here before.
			if id, known := f.knownBrowser(r.Context(), t.Account, t.User); known {
				from = "\x00" + id
			}
		case "own/" + kindCode, "own/" + doorward.KindText, "to/" + doorward.KindText:
			rate = f.codes
		}
		return try{Try: t, only: true, rate: rate, keys: []string{f.names.Digest(t.Kind + "\x00" + anyCase(t.Account) + from)}}
	}
	address := f.names.Digest("address\x00" + network)
	if t.Account == "" {
		return try{Try: t, only: true, rate: f.address, keys: []string{address}}
	}
	account := f.accountKey(t.Account)
	if id, ok := f.knownBrowser(r.Context(), t.Account, t.User); ok {
		return try{Try: t, known: true, keys: []string{f.names.Digest("browser\x00" + id + "\x00" + anyCase(t.Account)), account}}
	}
	seat := f.names.Digest("seat\x00" + network + "\x00" + anyCase(t.Account))
	return try{Try: t, rate: f.address, keys: []string{seat, account, address}}
}

// address is the key of the row that counts the address; "" for a known browser.
func (t *try) address() string {
	switch {
	case t.only:
		return t.keys[0]
	case t.known:
		return ""
	}
	return t.keys[addressRow]
}

func (f *Feature) accountKey(account string) string {
	return f.names.Digest("account\x00" + anyCase(account))
}

// anyCase makes one of all texts by which stores find the same account.
func anyCase(s string) string { return anycase.Fold(s) }

// network is what counts as one address: whoever has an IPv6 address has the
// rest of its network, too.
func (f *Feature) network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a.String()
	}
	p, err := a.Prefix(f.cfg.IPv6Prefix)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// errWait refuses a try for a time.
type errWait struct {
	scope string
	wait  time.Duration
}

func (e *errWait) Error() string { return "lockout: " + e.scope }

// closed returns why nothing may be compared now, or nil.
func (f *Feature) closed(t *try, rows []doorward.Guesses, now time.Time) error {
	scopes := [...]string{"seat", "account", "address"}
	worst := &errWait{}
	for i := range rows {
		scope, wait := scopes[i], time.Duration(0)
		switch {
		case t.only:
			scope, wait = "address", t.rate.wait(rows[i], now, f.flights.of(t.address()))
		case i == seatRow:
			wait = f.seat.wait(&rows[i], now)
		case i == addressRow:
			wait = t.rate.wait(rows[i], now, f.flights.of(t.address()))
		default:
			wait = f.accountWait(t, &rows[i], now)
		}
		if wait > worst.wait {
			worst = &errWait{scope, wait}
		}
	}
	if worst.wait <= 0 {
		return nil
	}
	return worst
}

// accountWait: the lock of an account is for strangers; what time does not
// open any more is for everybody, with a rest that only known browsers may use
// up, so that strangers cannot shut them out (ASVS 6.1.1).
func (f *Feature) accountWait(t *try, g *doorward.Guesses, now time.Time) time.Duration {
	switch {
	case f.account.over(g, now):
		return 0
	case g.Count >= f.mostFor(t.known):
		return f.cfg.AccountTimeMax
	case t.known:
		return 0
	}
	return f.account.wait(g, now)
}

// accountOf is the streak of an account. What does not exist is forgotten
// sooner: strangers make as many such rows as they like. Not much sooner, for
// whoever waits that long learns from it whether there is an account.
func (f *Feature) accountOf(t *try) streak {
	s := f.account
	if t.User == nil {
		s.forget = f.cfg.UnknownForget
	}
	return s
}

func (f *Feature) mostFor(known bool) int {
	if known {
		return f.cfg.AccountMax
	}
	return f.cfg.AccountMax - f.cfg.AccountMax/5
}

// take counts a guess on every row of a try, and returns the event of locking
// the account if the guess is wrong and that is what it does.
func (f *Feature) take(t *try, rows []doorward.Guesses, now time.Time) *Locked {
	if t.only {
		t.rate.take(&rows[0], now, f.flights.of(t.address()))
		return nil
	}
	f.seat.take(&rows[seatRow], now)
	acc, until := &rows[accountRow], rows[accountRow].Until
	f.accountOf(t).take(acc, now)
	if t.known {
		acc.Until = until
	} else {
		t.rate.take(&rows[addressRow], now, f.flights.of(t.address()))
	}
	switch {
	case acc.Count >= f.mostFor(t.known), acc.Count == f.mostFor(false):
		return &Locked{User: t.User}
	case !t.known && !acc.Until.IsZero():
		return &Locked{User: t.User, Until: acc.Until}
	}
	return nil
}

// Begin implements [doorward.Limiter].
func (f *Feature) Begin(r *http.Request, dt doorward.Try) (func(doorward.Outcome), error) {
	t, ctx := f.try(r, dt), r.Context()
	locked, err := f.enter(ctx, &t)
	if over, ok := errors.AsType[*errWait](err); ok {
		return nil, f.refuse(ctx, &t, over)
	}
	if errors.Is(err, errCrowd) {
		return nil, doorward.Busy(err)
	}
	if err != nil {
		return nil, fmt.Errorf("count wrong credentials: %w", err)
	}
	t.land = sync.OnceFunc(func() { f.flights.add(t.address(), -1) })
	leave := sync.OnceFunc(func() { f.leave(&t) })
	return func(o doorward.Outcome) {
		defer leave()
		defer t.land()
		f.done(ctx, &t, locked, o)
	}, nil
}

// enter takes a place for a try. Who is over the limit costs the store one look.
func (f *Feature) enter(ctx context.Context, t *try) (locked *Locked, err error) {
	err = f.look(ctx, t)
	if _, over := errors.AsType[*errWait](err); over && !t.only && f.lines.busy(t.keys[seatRow]) {
		err = nil // those before it may have been right
	}
	if err != nil {
		return nil, err
	}
	ask := func() (err error) {
		locked, err = f.count(ctx, t)
		return err
	}
	if t.only {
		return nil, ask()
	}
	t.place, err = f.lines.enter(ctx, t.keys[seatRow], func() error { return f.flights.board(t.keys[accountRow], ask) })
	return locked, err
}

// count counts a try if nothing is closed. While the store holds the row of its
// address, the count and how many of it fly are changed as one.
func (f *Feature) count(ctx context.Context, t *try) (locked *Locked, err error) {
	flies := 0
	err = f.store.UpdateGuesses(ctx, t.keys, func(rows []doorward.Guesses) error {
		f.flights.add(t.address(), -flies) // of a turn that the store did not keep
		flies = 0
		now := f.rt.Now()
		f.heal(t, rows, now)
		if err := f.closed(t, rows, now); err != nil {
			return err
		}
		locked = f.take(t, rows, now)
		flies = 1
		f.flights.add(t.address(), flies)
		return nil
	})
	if err != nil {
		f.flights.add(t.address(), -flies)
	}
	return locked, err
}

// leave gives up the place of a try.
func (f *Feature) leave(t *try) {
	if t.place != nil {
		t.place.leave()
		f.flights.add(t.keys[accountRow], -1)
	}
}

// look returns why nothing may be compared now, or nil.
func (f *Feature) look(ctx context.Context, t *try) error {
	rows, err := f.store.LoadGuesses(ctx, t.keys)
	if err != nil {
		return err
	}
	now := f.rt.Now()
	if f.heal(t, rows, now) { // kept, or else nothing would ever be nearer
		err := f.store.UpdateGuesses(ctx, t.keys, func(rows []doorward.Guesses) error {
			f.heal(t, rows, now)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return f.closed(t, rows, now)
}

func (f *Feature) heal(t *try, rows []doorward.Guesses, now time.Time) (wrong bool) {
	for i := range rows {
		var healed bool
		switch {
		case t.only || i == addressRow:
			healed = t.rate.heal(&rows[i], now)
		case i == seatRow:
			healed = f.seat.heal(&rows[i], now)
		default:
			healed = f.accountOf(t).heal(&rows[i], now)
		}
		wrong = wrong || healed
	}
	return wrong
}

func (f *Feature) refuse(ctx context.Context, t *try, over *errWait) error {
	doorward.Fire(ctx, f.rt, &f.hooks.Refused, Refused{User: t.User, Kind: t.Kind, Scope: over.scope})
	if over.scope == "address" {
		f.doubtProxy(ctx, t.Addr)
	}
	p := doorward.Fail("", "TOO_MANY_TRIES", "n", int((over.wait+time.Minute-1)/time.Minute))
	p.Status, p.RetryAfter = http.StatusTooManyRequests, over.wait
	return p
}

// doubtEvery is how often an operator is told to look at his proxies.
const doubtEvery = time.Minute

// doubtProxy tells the operator of an address over the limit that looks like one
// of his proxies, not each time: it is a stranger who decides how often.
func (f *Feature) doubtProxy(ctx context.Context, addr netip.Addr) {
	if !addr.IsLoopback() && !addr.IsPrivate() {
		return
	}
	last, now := f.doubted.Load(), f.rt.Now()
	if last != nil && now.Sub(*last).Abs() < doubtEvery || !f.doubted.CompareAndSwap(last, &now) {
		return
	}
	f.rt.Logger().WarnContext(ctx, "an address of this machine or network is over a limit; if it is a proxy, name it in the trusted proxies, or all its visitors count as one",
		"address", addr.String(), "setting", "SECURITY_TRUSTED_PROXIES")
}
