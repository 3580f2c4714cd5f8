package flaskcompat

import (
	"container/list"
	"crypto/aes"
	"errors"
	"runtime"
	"sync"
)

// derivingShare is how many processors there are for one that derives, so that
// strangers who cause derivations leave some for everybody else.
const derivingShare = 2

// derivation is what a key is derived from, beside the secret of the tag. Those
// with a name are for strangers: nothing is shared between two names.
type derivation struct {
	name, tag, salt string
	cost            int
}

// walletKey is a key and the first counter block.
type walletKey [keyLen + aes.BlockSize]byte

// keyCache derives keys and keeps those used last, at most KeptKeys.
type keyCache struct {
	derive func(d derivation, secret string) (walletKey, error)
	turns  chan struct{} // as many as may derive at a time

	mu      sync.Mutex
	recent  list.List // of *derived, the latest in front
	places  map[derivation]*list.Element
	running map[derivation]*derived // for who comes meanwhile
}

type derived struct {
	from derivation
	done chan struct{} // closed when key and err are set
	key  walletKey
	err  error
}

func newKeyCache(derive func(derivation, string) (walletKey, error)) *keyCache {
	return &keyCache{
		derive: derive, turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/derivingShare)),
		places: map[derivation]*list.Element{}, running: map[derivation]*derived{},
	}
}

// key returns the key of d. However many ask for one at a time, it is derived once.
func (c *keyCache) key(d derivation, secret string) (walletKey, error) {
	k, mine := c.find(d)
	if mine {
		c.run(k, secret)
	}
	<-k.done
	return k.key, k.err
}

// find returns what is kept or being derived, or else what the caller must run.
func (c *keyCache) find(d derivation) (k *derived, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.places[d]; ok {
		c.recent.MoveToFront(e)
		return e.Value.(*derived), false
	}
	if k, ok := c.running[d]; ok {
		return k, false
	}
	k = &derived{from: d, done: make(chan struct{}), err: errStopped}
	c.running[d] = k
	return k, true
}

// errStopped is for who waits when a derivation panics.
var errStopped = errors.New("flaskcompat: the key of a wallet was not derived")

// run derives a key when it is its turn.
func (c *keyCache) run(k *derived, secret string) {
	c.turns <- struct{}{}
	defer func() {
		<-c.turns
		c.keep(k)
		close(k.done)
	}()
	k.key, k.err = c.derive(k.from, secret)
}

func (c *keyCache) keep(k *derived) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, k.from)
	if k.err != nil {
		return
	}
	c.places[k.from] = c.recent.PushFront(k)
	if c.recent.Len() > KeptKeys {
		delete(c.places, c.recent.Remove(c.recent.Back()).(*derived).from)
	}
}
