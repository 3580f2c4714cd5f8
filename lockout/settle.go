package lockout

import (
	"context"
	"errors"
	"time"

	"github.com/doorward/doorward"
)

// settleLimit bounds what is written after a try, which does not end with the
// request.
const settleLimit = 2 * time.Second

// done gives back what Begin took, unless the credential was wrong. A sign-in
// also ends the streak of its own seat, and takes that off the account's count
// (NIST SP 800-63B-4 section 3.2.2), and it pardons what other seats did to the
// account; it changes nothing about other accounts, or about any address.
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
	noise, err := f.giveBack(ctx, t, o)
	if err == nil && noise && o == doorward.Succeeded {
		err = f.pardon(ctx, t)
	}
	if err != nil { // counts as a wrong one; nothing else is lost
		f.rt.Logger().WarnContext(ctx, "a right credential stays counted as a wrong one, or wrong ones before it do", "err", err)
	}
}

// giveBack settles a try that was not wrong, and reports whether there may be
// wrong ones of other seats on its account.
func (f *Feature) giveBack(ctx context.Context, t *try, o doorward.Outcome) (noise bool, err error) {
	if t.only {
		return false, f.store.UpdateGuesses(ctx, t.keys, func(rows []doorward.Guesses) error {
			give(&rows[0], 1)
			t.land()
			return nil
		})
	}
	err = t.place.settle(ctx, func(others int) error {
		return f.store.UpdateGuesses(ctx, t.keys, func(rows []doorward.Guesses) error {
			settled(t, rows, others, o)
			t.land()
			noise = rows[accountRow].Count > 0
			return nil
		})
	})
	return noise, err
}

// settled takes back what a try took, and if it was a sign-in the wrong ones of
// its seat. What others of the seat are being compared for is theirs: given
// back here, each sign-in would let in as many more as it found.
//
// That is what this process knows. A sign-in elsewhere gives back our places in
// the store, too; no process lets in more than LOCKOUT_TRIES at once all the
// same, and a wrong one that is lost by it needs a sign-in at the same seat in
// the same moment.
func settled(t *try, rows []doorward.Guesses, others int, o doorward.Outcome) {
	seat, acc := &rows[seatRow], &rows[accountRow]
	n := max(1, seat.Count-others)
	if o != doorward.Succeeded {
		n = 1
	}
	n = min(n, seat.Count) // none if a sign-in elsewhere ended the streak meanwhile
	give(seat, n)
	if t.known {
		acc.Count = max(0, acc.Count-n) // the lock was none of its doing
		return
	}
	give(acc, n)
	give(&rows[addressRow], 1)
}

// errPardoned is why a pardon does not come yet.
var errPardoned = errors.New("lockout: pardoned a short time ago")

// pardon forgets the wrong credentials of an account, whoever sent them: NIST
// SP 800-63B-4 section 3.2.2 bounds those in a row, and a sign-in ends the row.
// Without it a wrong guess a day would close in the end what its owner uses
// every day. It opens no lock that is running, takes off nothing that this
// process is comparing (what others compare is as if it had come before), and
// comes once in PardonEvery: whoever guesses between two gets no more than the
// waits allow, however often the owner signs in.
func (f *Feature) pardon(ctx context.Context, t *try) error {
	account := t.keys[accountRow]
	keys := []string{account, f.names.Digest("pardon\x00" + anyCase(t.Account))}
	err := f.store.UpdateGuesses(ctx, keys, func(rows []doorward.Guesses) error {
		acc, last, now := &rows[0], &rows[1], f.rt.Now()
		healed := sooner(&last.Until, now, f.cfg.PardonEvery)
		left := min(acc.Count, f.flights.of(account)-1) // without this one
		if left == acc.Count || now.Before(last.Until) {
			if healed {
				return nil // to keep that
			}
			return errPardoned
		}
		acc.Count = left
		last.At, last.Until = now, now.Add(f.cfg.PardonEvery)
		last.Expires = last.Until
		return nil
	})
	if errors.Is(err, errPardoned) {
		return nil
	}
	return err
}
