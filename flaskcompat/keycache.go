package flaskcompat

import (
	"container/list"
	"crypto/aes"
	"sync"
)

// derivation is what a key is derived from, beside the secret of the tag.
type derivation struct {
	tag, salt string
	cost      int
}

// keyCache keeps the keys used last, at most KeptKeys. Its zero value is empty.
type keyCache struct {
	mu     sync.Mutex
	recent list.List // of *derived, the latest in front
	places map[derivation]*list.Element
}

type derived struct {
	from derivation
	key  [keyLen + aes.BlockSize]byte
}

func (c *keyCache) get(d derivation) (key [keyLen + aes.BlockSize]byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.places[d]
	if !ok {
		return key, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*derived).key, true
}

func (c *keyCache) put(d derivation, key [keyLen + aes.BlockSize]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.places == nil {
		c.places = map[derivation]*list.Element{}
	}
	if _, ok := c.places[d]; ok {
		return
	}
	c.places[d] = c.recent.PushFront(&derived{d, key})
	if c.recent.Len() > KeptKeys {
		delete(c.places, c.recent.Remove(c.recent.Back()).(*derived).from)
	}
}
