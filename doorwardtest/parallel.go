package doorwardtest

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Parallel calls request n times at once, with 0 to n-1, and checks that it
// reports success exactly want times: once, for what may happen once. Give each
// call a [Browser.Clone] of its own, and look at the end state afterwards.
func Parallel(tb testing.TB, n, want int, request func(i int) bool) {
	tb.Helper()
	var ready, done sync.WaitGroup
	var good atomic.Int64
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			if request(i) {
				good.Add(1)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	if got := int(good.Load()); got != want {
		tb.Errorf("doorwardtest: %d of %d requests at once succeeded, want %d", got, n, want)
	}
}
