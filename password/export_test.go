package password

import "sync/atomic"

// Hold occupies a slot of h until done is closed; it closes started when it has it.
func Hold(h *Hasher, started, done chan struct{}) {
	go func() {
		h.slots <- struct{}{}
		close(started)
		<-done
		<-h.slots
	}()
}

// CountWrites returns a function that tells how many new hashes h has computed since.
func CountWrites(h *Hasher) func() int {
	var n atomic.Int64
	inner := h.write
	h.write = func(secret []byte) (string, error) {
		n.Add(1)
		return inner(secret)
	}
	return func() int { return int(n.Load()) }
}
