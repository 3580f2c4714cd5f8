package password

import (
	"fmt"
	"runtime"
)

// memoryEach is what hashing may occupy for each processor, in MiB, where the settings
// say nothing: one hash of RFC 9106's low-memory parameters.
const memoryEach = 64

// standardMemory is PASSWORD_HASH_MEMORY where it is not set.
func standardMemory(limit uint64) int {
	each := memoryEach * runtime.GOMAXPROCS(0)
	if limit == 0 {
		return each
	}
	return max(min(int(limit>>22), each), 1) // a quarter, in MiB
}

// Warnings tells what of the settings can exhaust the memory of this machine, in
// sentences for the log at start. It is empty where the memory limit is not known.
func (h *Hasher) Warnings() (list []string) {
	limit := int(h.limit >> 20)
	if limit == 0 {
		return nil
	}
	size, one := h.gate.size, h.policy.load
	warn := func(format string, args ...any) {
		list = append(list, fmt.Sprintf(format, args...)+fmt.Sprintf("; the memory limit is %d MiB", limit))
	}
	atOnce := max(size.slots/max(one.slots, 1), 1)
	if size.memory > limit {
		warn("SECURITY_PASSWORD_HASH_MEMORY lets hashes occupy %d MiB", size.memory)
	}
	if total := atOnce * one.memory; total > limit {
		warn("SECURITY_PASSWORD_HASH_SLOTS x the memory of a new hash is %d x %d MiB; no more than %d MiB are used at once", atOnce, one.memory, max(size.memory, one.memory))
	}
	if ceiling := max(h.cfg.MaxArgon2Memory, h.cfg.MaxScryptMemory) >> 10; ceiling > limit {
		warn("a stored hash may ask for %d MiB; lower SECURITY_PASSWORD_MAX_ARGON2_MEMORY and SECURITY_PASSWORD_MAX_SCRYPT_MEMORY", ceiling)
	}
	return list
}

// Room is what the gate of a [Hasher] has room for.
type Room struct {
	Memory int // MiB
	Slots  int // processors
	Hashes int // new hashes at once: fewer than Slots if memory is short or they have lanes
	Queue  int // strangers who wait
}

// Room returns the sizes in force, with the defaults worked out.
func (h *Hasher) Room() Room {
	size, one := h.gate.size, h.policy.load
	hashes := min(size.slots/max(one.slots, 1), size.memory/max(one.memory, 1))
	return Room{Memory: size.memory, Slots: size.slots, Hashes: max(hashes, 1), Queue: h.cfg.Queue}
}
