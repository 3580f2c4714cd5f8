package pysettings

import "time"

// Value is what a Python expression stands for: string, [Bytes], bool, int64,
// float64, [time.Duration] (a timedelta), [None], [List], [Dict], [Env] or [Ref].
type Value any

// None is Python's None.
type None struct{}

// Bytes is a bytes literal.
type Bytes string

// List is a list, a tuple or a set.
type List struct {
	Items  []Value
	weight int
}

// Dict is a dict, in the order of the source.
type Dict struct {
	Pairs  []Pair
	weight int
}

// Pair is one entry of a [Dict].
type Pair struct{ Key, Value Value }

// Get returns the value of a key that is text, the last one if there are several.
func (d Dict) Get(key string) (v Value, ok bool) {
	for _, p := range d.Pairs {
		if p.Key == Value(key) {
			v, ok = p.Value, true
		}
	}
	return v, ok
}

// Env is a value that comes from a variable of the environment.
type Env struct {
	Name    string
	Default Value // what stands in for it, or nil
}

// Ref is a class, a function or another name that was imported or defined, and
// is not followed.
type Ref struct{ Path string }

// unknown is the value of a name whose assignment was not understood.
type unknown struct{}

// Limits of what a file may hold. A settings file is a thousandth of them.
const (
	maxSource = 1 << 20 // bytes of a file
	maxDepth  = 100     // brackets and operators within each other
	maxWeight = 1 << 16 // size of one value, shared parts counted as often as they occur
	maxParts  = 1000    // classes and functions
	maxNames  = 3000    // statements that set something
	maxWork   = 1 << 24 // sum of the sizes of all values that are computed
)

func newList(items []Value) List {
	l := List{Items: items, weight: 8}
	for _, v := range items {
		l.weight += weight(v)
	}
	return l
}

func newDict(pairs []Pair) Dict {
	d := Dict{Pairs: pairs, weight: 8}
	for _, p := range pairs {
		d.weight += weight(p.Key) + weight(p.Value)
	}
	return d
}

// weight is about how many bytes a value takes when it is written out.
func weight(v Value) int {
	switch v := v.(type) {
	case string:
		return len(v) + 2
	case Bytes:
		return len(v) + 2
	case List:
		return v.weight
	case Dict:
		return v.weight
	case Env:
		return len(v.Name) + weight(v.Default)
	case Ref:
		return len(v.Path)
	}
	return 8
}

// truth is what Python's bool says of a value that is known.
func truth(v Value) bool {
	switch v := v.(type) {
	case nil, None:
		return false
	case string:
		return v != ""
	case Bytes:
		return v != ""
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case time.Duration:
		return v != 0
	case List:
		return len(v.Items) > 0
	case Dict:
		return len(v.Pairs) > 0
	}
	return true
}
