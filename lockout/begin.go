package lockout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
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
}

func (f *Feature) try(r *http.Request, t doorward.Try) try {
	address := f.names.Digest("address\x00" + f.network(t.Addr))
	switch {
	case t.Kind == "token":
		return try{Try: t, only: true, keys: []string{f.names.Digest("token\x00" + f.network(t.Addr))}}
	case t.Account == "":
		return try{Try: t, only: true, keys: []string{address}}
	}
	account := f.accountKey(t.Account)
	if id, ok := f.knownBrowser(r.Context(), t.Account); ok {
		return try{Try: t, known: true, keys: []string{f.names.Digest("browser\x00" + id + "\x00" + anyCase(t.Account)), account}}
	}
	who := anyCase(t.Identity)
	if who == "" { // a passkey names its account by itself
		who = "\x00" + anyCase(t.Account)
	}
	return try{Try: t, keys: []string{f.names.Digest("seat\x00" + f.network(t.Addr) + "\x00" + who), account, address}}
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
			scope, wait = "address", f.address.wait(rows[i], now)
		case i == seatRow:
			wait = f.seat.wait(&rows[i], now)
		case i == addressRow:
			wait = f.address.wait(rows[i], now)
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
		f.address.take(&rows[0], now)
		return nil
	}
	f.seat.take(&rows[seatRow], now)
	acc := &rows[accountRow]
	if t.known {
		until := acc.Until
		f.account.take(acc, now)
		acc.Until = until
	} else {
		f.account.take(acc, now)
		f.address.take(&rows[addressRow], now)
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
	leave, locked, err := f.enter(ctx, &t)
	if over, ok := errors.AsType[*errWait](err); ok {
		return nil, f.refuse(ctx, &t, over)
	}
	if err != nil {
		return nil, fmt.Errorf("count wrong credentials: %w", err)
	}
	return func(o doorward.Outcome) {
		defer leave()
		f.done(ctx, &t, locked, o)
	}, nil
}

// enter takes a place for a try. Who is over the limit costs the store one look.
func (f *Feature) enter(ctx context.Context, t *try) (leave func(), locked *Locked, err error) {
	err = f.look(ctx, t)
	if _, over := errors.AsType[*errWait](err); over && !t.only && f.lines.busy(t.keys[seatRow]) {
		err = nil // those before it may have been right
	}
	if err != nil {
		return nil, nil, err
	}
	ask := func() error {
		return f.store.UpdateGuesses(ctx, t.keys, func(rows []doorward.Guesses) error {
			now := f.rt.Now()
			f.heal(t, rows, now)
			if err := f.closed(t, rows, now); err != nil {
				return err
			}
			locked = f.take(t, rows, now)
			return nil
		})
	}
	if t.only {
		return func() {}, nil, ask()
	}
	leave, err = f.lines.enter(ctx, t.keys[seatRow], ask)
	return leave, locked, err
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
			healed = f.address.heal(&rows[i], now)
		case i == seatRow:
			healed = f.seat.heal(&rows[i], now)
		default:
			healed = f.account.heal(&rows[i], now)
		}
		wrong = wrong || healed
	}
	return wrong
}

func (f *Feature) refuse(ctx context.Context, t *try, over *errWait) error {
	doorward.Fire(ctx, f.rt, &f.hooks.Refused, Refused{User: t.User, Kind: t.Kind, Scope: over.scope})
	if over.scope == "address" && (t.Addr.IsLoopback() || t.Addr.IsPrivate()) {
		f.rt.Logger().WarnContext(ctx, "an address of this machine or network is over the limit of wrong credentials; if it is a proxy, name it in the trusted proxies, or all its visitors count as one",
			"address", t.Addr.String(), "setting", "SECURITY_TRUSTED_PROXIES")
	}
	p := doorward.Fail("", "TOO_MANY_TRIES", "minutes", int((over.wait+time.Minute-1)/time.Minute))
	p.Status, p.RetryAfter = http.StatusTooManyRequests, over.wait
	return p
}

// settleLimit bounds what is written after a try, which does not end with the
// request.
const settleLimit = 2 * time.Second

// done gives back what Begin took, unless the credential was wrong. A sign-in
// also ends the streak of its own seat, and takes that off the account's count
// (NIST SP 800-63B-4 section 3.2.2); no other seat's, and no address's.
func (f *Feature) done(ctx context.Context, t *try, locked *Locked, o doorward.Outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	if o == doorward.Failed {
		if locked != nil {
			doorward.Fire(ctx, f.rt, &f.hooks.Locked, *locked)
			f.sendLink(ctx, t.Account, t.User)
		}
		return
	}
	err := f.store.UpdateGuesses(ctx, t.keys, func(rows []doorward.Guesses) error {
		f.giveBack(t, rows, o)
		return nil
	})
	if err != nil { // counts as a wrong one; nothing else is lost
		f.rt.Logger().WarnContext(ctx, "a right credential stays counted as a wrong one", "err", err)
	}
}

func (f *Feature) giveBack(t *try, rows []doorward.Guesses, o doorward.Outcome) {
	if t.only {
		give(&rows[0], 1)
		return
	}
	seat, acc := &rows[seatRow], &rows[accountRow]
	n := seat.Count
	if o != doorward.Succeeded {
		n = min(n, 1) // none if a sign-in ended the streak meanwhile
	}
	give(seat, n)
	if t.known {
		acc.Count = max(0, acc.Count-n) // the lock was none of its doing
		return
	}
	give(acc, n)
	give(&rows[addressRow], 1)
}
