package flaskcompat_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/flaskcompat"
)

var _ codes.LevelVault = (*flaskcompat.TOTPWallet)(nil)

// counted is a wallet with a count of its derivations.
func counted(t testing.TB) (*flaskcompat.TOTPWallet, *atomic.Int64) {
	w, n := newWallet(t, map[string]string{"1": secret}), &atomic.Int64{}
	w.Watch(func() { n.Add(1) })
	return w, n
}

// Whatever is stored, and whoever opened it before, a name derives once.
func TestOpenForIsLevel(t *testing.T) {
	w, n := counted(t)
	key := []byte("twenty bytes of key!")
	stored, err := newWallet(t, map[string]string{"1": secret}).Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	warm, err := w.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		stored string
		want   []byte
		fails  bool
	}{
		"nothing":         {"", nil, false},
		"a wallet":        {stored, key, false},
		"in use":          {warm, key, false},
		"not encrypted":   {`{"key":"GEZDGNBV","type":"totp","v":1}`, []byte("12345"), false},
		"garbage":         {"x", nil, true},
		"another tag":     {strings.Replace(stored, `"t":"1"`, `"t":"2"`, 1), nil, true},
		"too high a cost": {strings.Replace(stored, `"c":14`, fmt.Sprintf(`"c":%d`, flaskcompat.MaxCost+1), 1), nil, true},
	} {
		for _, asker := range []string{"one", "two"} {
			for i, want := range []int64{1, 0, 0} {
				n.Store(0)
				got, err := w.OpenFor(asker+name, tt.stored)
				if !bytes.Equal(got, tt.want) || errors.Is(err, flaskcompat.ErrInvalid) != tt.fails || (err != nil) != tt.fails {
					t.Errorf("%s: opened %q, %v", name, got, err)
				}
				if n.Load() != want {
					t.Errorf("%s, request %d of %s: %d derivations, not %d", name, i+1, asker, n.Load(), want)
				}
			}
		}
		if w.Names("one" + name) {
			t.Errorf("%s: the name is kept", name)
		}
	}
	n.Store(0)
	if _, err := w.Open(warm); err != nil || n.Load() != 0 {
		t.Errorf("what strangers do is in the way of others: %d derivations, %v", n.Load(), err)
	}
}

// The salt of nobody is a keyed hash of the name: it cannot be guessed.
func TestOpenForKeyed(t *testing.T) {
	one, two := newWallet(t, map[string]string{"1": secret}), newWallet(t, map[string]string{"1": "other"})
	same := newWallet(t, map[string]string{"1": secret})
	if x := one.Nobody("x"); x == two.Nobody("x") || x == one.Nobody("y") || x != same.Nobody("x") {
		t.Error("it is not")
	}
}

// A crowd derives for half of the processors at a time, and the same once.
func TestDerivingIsBounded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for processors, most := range map[int]int64{1: 1, 2: 1, 3: 1, 8: 4} {
		runtime.GOMAXPROCS(processors)
		for what, tt := range map[string]struct {
			name         func(i int) string
			atOnce, ever int64
		}{
			"of different names": {func(i int) string { return fmt.Sprint(i) }, most, 20},
			"of one name":        {func(int) string { return "same" }, 1, 1},
		} {
			synctest.Test(t, func(t *testing.T) {
				w := newWallet(t, map[string]string{"1": secret})
				release := make(chan struct{})
				var begun atomic.Int64
				w.Watch(func() { begun.Add(1); <-release })
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						if _, err := w.OpenFor(tt.name(i), ""); err != nil {
							t.Error(err)
						}
					})
				}
				synctest.Wait()
				if begun.Load() != tt.atOnce {
					t.Errorf("%d processors, %s: %d derive at once, not %d", processors, what, begun.Load(), tt.atOnce)
				}
				close(release)
				wg.Wait()
				if begun.Load() != tt.ever {
					t.Errorf("%s: %d derivations, not %d", what, begun.Load(), tt.ever)
				}
			})
		}
	}
}
