package password

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"sync/atomic"
	"time"
)

// Hold occupies all of h until done is closed; it closes started when it has it.
func Hold(h *Hasher, started, done chan struct{}) {
	go func() {
		p, _ := h.gate.acquire(context.Background(), h.gate.size)
		close(started)
		<-done
		h.gate.release(p, 0)
	}()
}

// Gate is the gate without anything to compute.
type Gate struct{ g *gate }

// NewGate makes one of so many MiB and processors.
func NewGate(memory, slots, strangerQueue, signedInQueue int, wait time.Duration) *Gate {
	return &Gate{&gate{size: load{memory, slots}, limit: [lineCount]int{strangerQueue, signedInQueue}, wait: wait}}
}

// Acquire returns a function that gives the pass back after a hash that took so long.
func (g *Gate) Acquire(ctx context.Context, memory, slots int) (release func(took time.Duration), err error) {
	p, err := g.g.acquire(ctx, load{memory, slots})
	if err != nil {
		return nil, err
	}
	return func(took time.Duration) { g.g.release(p, took) }, nil
}

// Pass takes and gives back a pass, as one hash does.
func (g *Gate) Pass(ctx context.Context) error {
	p, err := g.g.acquire(ctx, load{19, 1})
	if err == nil {
		g.g.release(p, time.Millisecond)
	}
	return err
}

// Use tells what is taken and how many wait, strangers and signed-in users.
func (g *Gate) Use() (memory, slots, running, strangersQueued, signedInQueued int) {
	g.g.mu.Lock()
	defer g.g.mu.Unlock()
	return g.g.used.memory, g.g.used.slots, g.g.running, g.g.lines[strangers].Len(), g.g.lines[signedIn].Len()
}

// Check counts again who stands in the lines, and compares.
func (g *Gate) Check() error {
	g.g.mu.Lock()
	defer g.g.mu.Unlock()
	stand := map[string]places{}
	for line := range g.g.lines {
		for e := g.g.lines[line].Front(); e != nil; e = e.Next() {
			if w := e.Value.(*waiter); w.signedIn {
				p := stand[w.who]
				p[line]++
				stand[w.who] = p
			}
		}
	}
	for who, p := range stand {
		if max(p[signedIn], p[strangers]) > placesEach {
			return fmt.Errorf("%s stands there %v times", who, p)
		}
	}
	if !maps.Equal(stand, g.g.places) {
		return fmt.Errorf("there stand %v, counted are %v", stand, g.g.places)
	}
	return nil
}

// Size is the size of the gate of h, and what a new hash weighs there.
func Size(h *Hasher) (memory, slots, newMemory, newSlots int) {
	return h.gate.size.memory, h.gate.size.slots, h.policy.load.memory, h.policy.load.slots
}

// Stored tells what a stored hash weighs.
func Stored(h *Hasher, stored string) (memory, slots int, err error) {
	p, err := h.parse(stored)
	return p.load.memory, p.load.slots, err
}

// WithLimit makes h believe in a memory limit in bytes.
func WithLimit(h *Hasher, limit uint64) *Hasher {
	h.limit = limit
	return h
}

// SystemMemory and StandardMemory are how the size of the gate is found.
func SystemMemory(root fs.FS) uint64  { return systemMemory(root) }
func StandardMemory(limit uint64) int { return standardMemory(limit) }

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
