package flaskcompat

import (
	"crypto/aes"
	"runtime"
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
	*memo[derivation, walletKey]
	derive func(d derivation, secret string) (walletKey, error)
	turns  chan struct{} // as many as may derive at a time
}

func newKeyCache(derive func(derivation, string) (walletKey, error)) *keyCache {
	return &keyCache{
		memo: newMemo[derivation, walletKey](KeptKeys), derive: derive,
		turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/derivingShare)),
	}
}

// key returns the key of d. However many ask for one at a time, it is derived once,
// when it is its turn.
func (c *keyCache) key(d derivation, secret string) (walletKey, error) {
	k, mine := c.find(d)
	if mine {
		c.run(k, func(d derivation) (walletKey, error) {
			c.turns <- struct{}{}
			defer func() { <-c.turns }()
			return c.derive(d, secret)
		})
	}
	<-k.done
	return k.value, k.err
}
