package flaskcompat

import (
	"container/list"
	"errors"
	"sync"
)

// memo keeps the answers to the questions that were asked last, and lets one of those
// who ask the same at a time find it. Errors are for them alone, and not kept.
type memo[K comparable, V any] struct {
	kept int

	mu      sync.Mutex
	recent  list.List // of *answer[K, V], the latest in front
	places  map[K]*list.Element
	running map[K]*answer[K, V] // for who comes meanwhile
}

type answer[K comparable, V any] struct {
	question K
	done     chan struct{} // closed when value and err are set
	value    V
	err      error
}

// newMemo returns one that keeps so many answers.
func newMemo[K comparable, V any](kept int) *memo[K, V] {
	return &memo[K, V]{kept: kept, places: map[K]*list.Element{}, running: map[K]*answer[K, V]{}}
}

// find returns what is kept or being found, or else what the caller must run.
func (m *memo[K, V]) find(question K) (a *answer[K, V], mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.places[question]; ok {
		m.recent.MoveToFront(e)
		return e.Value.(*answer[K, V]), false
	}
	if a, ok := m.running[question]; ok {
		return a, false
	}
	a = &answer[K, V]{question: question, done: make(chan struct{}), err: errStopped}
	m.running[question] = a
	return a, true
}

// errStopped is for who waits when the search panics.
var errStopped = errors.New("flaskcompat: the answer was not found")

// run finds an answer.
func (m *memo[K, V]) run(a *answer[K, V], search func(K) (V, error)) {
	defer func() {
		m.keep(a)
		close(a.done)
	}()
	a.value, a.err = search(a.question)
}

func (m *memo[K, V]) keep(a *answer[K, V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.running, a.question)
	if a.err != nil {
		return
	}
	m.places[a.question] = m.recent.PushFront(a)
	if m.recent.Len() > m.kept {
		delete(m.places, m.recent.Remove(m.recent.Back()).(*answer[K, V]).question)
	}
}
