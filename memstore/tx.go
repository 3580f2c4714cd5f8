package memstore

import (
	"context"
	"maps"
	"sync"
)

// tx is a write in progress: one call, or all the calls of an InTx.
type tx struct {
	mu      *sync.RWMutex // guards data
	data    *data
	commits []func() // what callers see of the writes, once they are kept
	undoes  []func() // takes back what callers saw before
	over    bool
}

// apply runs f on the data. f alters nothing unless it succeeds.
func (t *tx) apply(f func(*data) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return f(t.data)
}

// txKey finds the transaction of one store in a context.
type txKey struct{ store any }

func (s *Store[U, PU]) current(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{s}).(*tx)
	return t
}

// read runs f on what is stored, or on what the transaction of ctx would store.
func (s *Store[U, PU]) read(ctx context.Context, f func(*data) error) error {
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := s.current(ctx); t != nil {
		t.mu.RLock()
		defer t.mu.RUnlock()
		if t.over {
			return errTxOver
		}
		return f(t.data)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f(s.data)
}

// write runs f as the only writer.
func (s *Store[U, PU]) write(ctx context.Context, f func(*tx) error) error {
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := s.current(ctx); t != nil {
		if t.over {
			return errTxOver
		}
		return f(t)
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	t := &tx{mu: &s.mu, data: s.data}
	if err := f(t); err != nil {
		return err
	}
	t.finish(true)
	return nil
}

func (s *Store[U, PU]) enter(ctx context.Context) error {
	select {
	case s.queue <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store[U, PU]) leave() { <-s.queue }

// InTx implements [doorward.Transactor]. fn runs once. Inside fn the calls
// with its context come one after the other; a call with another context that
// writes waits for fn to return.
func (s *Store[U, PU]) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := s.current(ctx); t != nil {
		return s.nested(ctx, t, fn)
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	t := &tx{mu: new(sync.RWMutex), data: s.data.clone()}
	kept := false
	defer func() { // an error or a panic of fn
		if !kept {
			t.finish(false)
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{s}, t)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	s.data = t.data
	s.mu.Unlock()
	kept = true
	t.finish(true)
	return nil
}

// nested joins t: what fn does is kept if fn and the outer call succeed.
func (s *Store[U, PU]) nested(ctx context.Context, t *tx, fn func(ctx context.Context) error) error {
	if t.over {
		return errTxOver
	}
	before, commits, undoes := t.data.clone(), len(t.commits), len(t.undoes)
	kept := false
	defer func() {
		if kept {
			return
		}
		t.data, t.commits = before, t.commits[:commits]
		for _, undo := range t.undoes[undoes:] {
			undo()
		}
		t.undoes = t.undoes[:undoes]
	}()
	err := fn(ctx)
	kept = err == nil
	return err
}

func (t *tx) finish(kept bool) {
	t.over = true
	then := t.commits
	if !kept {
		then = t.undoes
	}
	for _, f := range then {
		f()
	}
}

// clone copies the maps. Their values are never altered in place.
func (d *data) clone() *data {
	return &data{
		users: maps.Clone(d.users), lastKey: d.lastKey, roles: maps.Clone(d.roles), links: maps.Clone(d.links),
		sessions: maps.Clone(d.sessions), remembers: maps.Clone(d.remembers), claims: maps.Clone(d.claims),
		guesses: maps.Clone(d.guesses),
	}
}
