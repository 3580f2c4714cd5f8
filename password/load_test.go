package password_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/password"
)

const (
	argon8  = "$argon2id$v=19$m=8192,t=1,p=1$" + salt16 + "$" + tag16
	argon64 = "$argon2id$v=19$m=65536,t=1,p=4$" + salt16 + "$" + tag16
)

// TestStoredLoads: a hash weighs what computing it takes.
func TestStoredLoads(t *testing.T) {
	key := strings.Repeat("A", 43)
	tests := map[string][2]int{
		"$argon2id$v=19$m=8,t=1,p=1$" + salt16 + "$" + tag16:           {1, 1},
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + tag16:       {19, 1},
		"$argon2i$v=19$m=19457,t=2,p=3$" + salt16 + "$" + tag16:        {20, 3},
		"argon2$argon2id$v=19$m=65536,t=3,p=4$" + salt16 + "$" + tag16: {64, 4},
		"$scrypt$ln=16,r=8,p=1$" + salt16 + "$" + key:                  {65, 1}, // and the lane's own kibibyte
		"$scrypt$ln=14,r=8,p=16$" + salt16 + "$" + key:                 {17, 1}, // lanes take turns
		"$2b$04$" + bchars: {0, 0},
	}
	h := fast(t, password.Config{Schemes: allSchemes()})
	for stored, want := range tests {
		memory, slots, err := password.Stored(h, stored)
		if err != nil || [2]int{memory, slots} != want {
			t.Errorf("%s: %d MiB, %d processors, %v; want %v", stored, memory, slots, err, want)
		}
	}
}

// observed makes a real hasher that tells what it does.
func observed(t *testing.T, cfg password.Config) (*password.Hasher, func() []password.Event) {
	t.Helper()
	var mu sync.Mutex
	var events []password.Event
	cfg.Observe = func(e password.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}
	h, err := password.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h, func() []password.Event {
		mu.Lock()
		defer mu.Unlock()
		out := events
		events = nil
		return out
	}
}

// TestEvents also shows that who does not exist weighs as much as who does.
func TestEvents(t *testing.T) {
	h, events := observed(t, password.Config{Memory: 100, Slots: 4})
	stored, err := h.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	h.Verify(t.Context(), "password", stored)
	h.Waste(t.Context(), "password")
	h.Verify(t.Context(), "", stored)
	h.Verify(t.Context(), "password", "$argon2id$")
	h.Verify(t.Context(), "password", argon64)
	h.Verify(t.Context(), "password", "$2b$04$"+bchars)
	h.Verify(t.Context(), strings.Repeat("x", 2000), stored) // refused before the gate
	var got []string
	for _, e := range events() {
		if e.Took <= 0 || e.Refused || e.GivenUp || e.Queued != 0 {
			t.Errorf("%+v", e)
		}
		got = append(got, fmt.Sprint(e.Scheme, e.Memory))
	}
	if want := "[argon219 argon219 argon219 argon219 argon219 argon264 bcrypt1]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestEventsOfTheRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, events := observed(t, password.Config{Slots: 1, Queue: 1, Wait: time.Minute})
		started, done := make(chan struct{}), make(chan struct{})
		password.Hold(h, started, done)
		<-started
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		waiting.Go(func() { h.Waste(ctx, "password") })
		synctest.Wait()
		_, err := h.Verify(t.Context(), "password", "$argon2id$")
		if _, told := errors.AsType[*password.HashError](err); told || !errors.Is(err, password.ErrBusy) {
			t.Errorf("a full line before a hash that cannot be used: %v", err)
		}
		waiting.Wait()
		close(done)
		want := []password.Event{{Scheme: "argon2", Refused: true, Queued: 1}, {Scheme: "argon2", GivenUp: true, Waited: time.Second}}
		if got := events(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

// TestManyAtOnce is a storm of sign-ins with real parameters, some of them of an
// imported database. What hashes occupy stays within the gate.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const memory = 96
	callers := 200
	if testing.Short() {
		callers = 50
	}
	h, events := observed(t, password.Config{Memory: memory, Slots: 4, Queue: callers, Wait: time.Hour})
	var all sync.WaitGroup
	for i := range callers {
		stored := argon8
		switch {
		case i%40 == 0:
			stored = argon64
		case i%40 == 20:
			stored = "" // nobody
		}
		all.Go(func() {
			if got, err := h.Verify(t.Context(), "password", stored); err != nil || got.OK {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	peak, list := 0, events()
	for _, e := range list {
		peak = max(peak, e.Memory)
	}
	if len(list) != callers || peak > memory || peak < 64 {
		t.Errorf("%d hashes occupied up to %d MiB of %d", len(list), peak, memory)
	}
}

func TestSystemMemory(t *testing.T) {
	const mib = 1 << 20
	tests := map[string]struct {
		files map[string]string
		want  uint64
	}{
		"nothing known": {nil, 0},
		"machine":       {map[string]string{"proc/meminfo": "MemTotal:        2048 kB\nMemFree: 1 kB\n"}, 2 * mib},
		"version 2, container": {map[string]string{"proc/meminfo": "MemTotal: 8192 kB\n", "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "4194304\n"}, 4 * mib},
		"version 2, unlimited": {map[string]string{"proc/meminfo": "MemTotal: 8192 kB\n", "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "max\n"}, 8 * mib},
		"version 2, parent is tighter": {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max",
			"sys/fs/cgroup/a/memory.max": "3145728", "sys/fs/cgroup/memory.max": "9145728"}, 3 * mib},
		"version 1": {map[string]string{"proc/meminfo": "MemTotal: 8192 kB\n",
			"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/1\n",
			"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "5242880\n"}, 5 * mib},
		"version 1, container": {map[string]string{"proc/meminfo": "MemTotal: 8192 kB\n", "proc/self/cgroup": "4:hugetlb,memory:/docker/1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "6291456\n"}, 6 * mib},
		"version 1, unlimited": {map[string]string{"proc/meminfo": "MemTotal: 8192 kB\n", "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 8 * mib},
		"garbage": {map[string]string{"proc/meminfo": "MemTotal: many kB\n", "proc/self/cgroup": "0\n::\n0::../../..\n",
			"sys/fs/cgroup/memory.max": "-1"}, 0},
	}
	for name, tt := range tests {
		root := fstest.MapFS{}
		for file, text := range tt.files {
			root[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := password.SystemMemory(root); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestStandardMemory(t *testing.T) {
	each := 64 * runtime.GOMAXPROCS(0)
	for limit, want := range map[uint64]int{0: each, 1 << 20: 1, 64 << 20: 16, 1 << 50: each, math.MaxUint64 >> 2: each} {
		if got := password.StandardMemory(limit); got != want {
			t.Errorf("limit %d: %d MiB, want %d", limit, got, want)
		}
	}
	h, err := password.New(password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	memory, slots, newMemory, newSlots := password.Size(h)
	if memory < 1 || memory > each || slots != max(runtime.GOMAXPROCS(0)/2, 1) || newMemory != 19 || newSlots != 1 {
		t.Errorf("%d MiB, %d processors; a new hash %d MiB, %d processors", memory, slots, newMemory, newSlots)
	}
}

func TestWarnings(t *testing.T) {
	const gib = 1 << 30
	tests := map[string]struct {
		cfg   password.Config
		limit uint64
		want  []string
	}{
		"unknown":   {password.Config{Memory: 1 << 20}, 0, nil},
		"all well":  {password.Config{Memory: 512, Slots: 2}, gib, nil},
		"capacity":  {password.Config{Memory: 2048, Slots: 2}, gib, []string{"SECURITY_PASSWORD_HASH_MEMORY lets hashes occupy 2048 MiB; the memory limit is 1024 MiB"}},
		"slots":     {password.Config{Memory: 256, Slots: 100}, gib, []string{"100 x 19 MiB; no more than 256 MiB"}},
		"lanes":     {password.Config{Memory: 256, Slots: 64, Profile: "flask-security"}, gib, nil},
		"lanes too": {password.Config{Memory: 256, Slots: 80, Profile: "flask-security"}, gib, []string{"20 x 64 MiB"}},
		"small": {password.Config{Memory: 4, Slots: 1}, 16 << 20,
			[]string{"1 x 19 MiB; no more than 19 MiB", "stored hash may ask for 256 MiB"}},
	}
	for name, tt := range tests {
		h, err := password.New(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		got := password.WithLimit(h, tt.limit).Warnings()
		for i := range max(len(got), len(tt.want)) {
			if i >= len(got) || i >= len(tt.want) || !strings.Contains(got[i], tt.want[i]) {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
				break
			}
		}
	}
}

func TestRoom(t *testing.T) {
	tests := map[string]struct {
		cfg  password.Config
		want password.Room
	}{
		"processors": {password.Config{Memory: 100, Slots: 2}, password.Room{Memory: 100, Slots: 2, Hashes: 2, Queue: 1024}},
		"memory":     {password.Config{Memory: 100, Slots: 8, Queue: 9}, password.Room{Memory: 100, Slots: 8, Hashes: 5, Queue: 9}},
		"lanes":      {password.Config{Memory: 999, Slots: 10, Profile: "flask-security"}, password.Room{Memory: 999, Slots: 10, Hashes: 2, Queue: 1024}},
		"one at all": {password.Config{Memory: 1, Slots: 1, Profile: "flask-security"}, password.Room{Memory: 1, Slots: 1, Hashes: 1, Queue: 1024}},
	}
	for name, tt := range tests {
		h, err := password.New(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Room(); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
