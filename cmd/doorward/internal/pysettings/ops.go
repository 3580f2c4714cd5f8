package pysettings

import (
	"math"
	"math/big"
	"strings"
	"time"
)

func isComposite(v Value) bool {
	switch v.(type) {
	case List, Dict:
		return true
	}
	return false
}

func signed(o string, v Value) (Value, error) {
	switch v := v.(type) {
	case int64:
		if o == "+" {
			return v, nil
		}
		return apply("-", int64(0), v)
	case float64:
		if o == "-" {
			return -v, nil
		}
		return v, nil
	case time.Duration:
		if o == "-" && v != math.MinInt64 {
			return -v, nil
		}
		return v, nil
	}
	return nil, unsupported
}

// apply computes a binary operation, if its result is of a sensible size.
func apply(o string, a, b Value) (Value, error) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return whole(o, x, y)
		}
	case string:
		switch y := b.(type) {
		case string:
			if o == "+" {
				return bounded(len(x)+len(y), func() Value { return x + y })
			}
		case int64:
			return repeated(o, x, y)
		}
	case Bytes:
		if y, ok := b.(Bytes); ok && o == "+" {
			return bounded(len(x)+len(y), func() Value { return x + y })
		}
	case List:
		if y, ok := b.(List); ok && o == "+" {
			return bounded(x.weight+y.weight, func() Value {
				return newList(append(append([]Value{}, x.Items...), y.Items...))
			})
		}
	}
	if x, ok := a.(time.Duration); ok {
		return span(o, x, b)
	}
	if y, ok := b.(time.Duration); ok && o == "*" {
		return span(o, y, a)
	}
	x, okX := toFloat(a)
	y, okY := toFloat(b)
	if !okX || !okY {
		return nil, unsupported
	}
	return real(o, x, y)
}

func bounded(size int, f func() Value) (Value, error) {
	if size > maxWeight {
		return nil, tooLarge
	}
	return f(), nil
}

func repeated(o, s string, n int64) (Value, error) {
	switch {
	case o != "*":
		return nil, unsupported
	case n <= 0 || s == "":
		return "", nil
	case n > maxWeight/int64(len(s)):
		return nil, tooLarge
	}
	return strings.Repeat(s, int(n)), nil
}

// whole computes with whole numbers, as Python does, as long as they fit.
func whole(o string, x, y int64) (Value, error) {
	a, b, out := big.NewInt(x), big.NewInt(y), new(big.Int)
	switch o {
	case "+":
		out.Add(a, b)
	case "-":
		out.Sub(a, b)
	case "*":
		out.Mul(a, b)
	case "/":
		return real(o, float64(x), float64(y))
	case "//", "%":
		if y == 0 {
			return nil, unsupported
		}
		rest := new(big.Int)
		out.DivMod(a, b, rest)
		if y < 0 && rest.Sign() != 0 { // Python rounds down, and the rest has the sign of b
			out.Sub(out, big.NewInt(1))
			rest.Add(rest, b)
		}
		if o == "%" {
			out = rest
		}
	case "<<", ">>":
		if y < 0 || y > 62 {
			return nil, tooLarge
		}
		if o == "<<" {
			out.Lsh(a, uint(y))
		} else {
			out.Rsh(a, uint(y))
		}
	case "**":
		if y < 0 || y > 64 {
			return nil, tooLarge
		}
		out.Exp(a, b, nil)
	default:
		return nil, unsupported
	}
	if !out.IsInt64() {
		return nil, tooLarge
	}
	return out.Int64(), nil
}

func toFloat(v Value) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func real(o string, x, y float64) (Value, error) {
	var f float64
	switch o {
	case "+":
		f = x + y
	case "-":
		f = x - y
	case "*":
		f = x * y
	case "/":
		f = x / y
	case "**":
		f = math.Pow(x, y)
	default:
		return nil, unsupported
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, tooLarge
	}
	return f, nil
}

// span computes with a timedelta.
func span(o string, x time.Duration, b Value) (Value, error) {
	sign := int64(1)
	switch y := b.(type) {
	case time.Duration:
		if o == "-" {
			sign = -1
		} else if o != "+" {
			return nil, unsupported
		}
		sum, err := whole("*", int64(y), sign)
		if err != nil {
			return nil, err
		}
		return duration(whole("+", int64(x), sum.(int64)))
	case int64:
		if o == "*" {
			return duration(whole("*", int64(x), y))
		}
	}
	f, ok := toFloat(b)
	if !ok || o != "*" && o != "/" {
		return nil, unsupported
	}
	v, err := real(o, float64(x), f)
	if err != nil {
		return nil, err
	}
	return rounded(v.(float64))
}

func duration(v Value, err error) (Value, error) {
	if err != nil {
		return nil, err
	}
	return time.Duration(v.(int64)), nil
}

// rounded is a duration of so many nanoseconds.
func rounded(ns float64) (Value, error) {
	if ns >= math.MaxInt64 || ns <= math.MinInt64 {
		return nil, tooLarge
	}
	return time.Duration(math.Round(ns)), nil
}
