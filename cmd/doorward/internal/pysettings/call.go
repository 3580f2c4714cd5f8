package pysettings

import (
	"strconv"
	"strings"
	"time"
)

// argument is what a call is given, not evaluated yet.
type argument struct {
	name   string // empty if it is known by its place
	tokens []token
}

// method reads an attribute: part of the name of what was imported, a setting of
// a class, or one of the few methods that are known.
func (e *expr) method(of Value) (Value, error) {
	e.pos++
	t := e.peek()
	if t.kind != name {
		return nil, incomplete
	}
	e.pos++
	switch x := of.(type) {
	case Ref:
		if c := e.scope.file.classes[x.Path]; c != nil {
			if v, ok := c.value(t.text); ok {
				return v, nil
			}
			return nil, noValue
		}
		return Ref{x.Path + "." + t.text}, nil
	case time.Duration:
		if t.text == "total_seconds" && len(e.tokens) >= e.pos+2 && e.peek().is("(") && e.tokens[e.pos+1].is(")") {
			e.pos += 2
			return x.Seconds(), nil
		}
	}
	return nil, otherAccess
}

// item reads [...] behind a value: a variable of the environment, an entry of a
// dict, or a setting of app.config.
func (e *expr) item(of Value) (Value, error) {
	e.pos++
	key, err := e.full()
	if err != nil {
		return nil, err
	}
	if _, ok := e.accept("]"); !ok {
		return nil, e.unexpected()
	}
	of_, isName := of.(Ref)
	word, isText := key.(string)
	if d, ok := of.(Dict); ok {
		if v, found := d.Get(word); found && isText {
			return v, nil
		}
	}
	switch {
	case isName && isText && of_.Path == "os.environ":
		return Env{Name: word}, nil
	case isName && isText && strings.HasSuffix(of_.Path, ".config"):
		if v, ok := e.scope.setting(word); ok {
			return v, nil
		}
	}
	return nil, otherAccess
}

// call reads (...) behind a value. Few functions are known, and none is called.
func (e *expr) call(of Value) (Value, error) {
	e.pos++
	inside, ok := e.skip(")")
	if !ok {
		return nil, incomplete
	}
	args, err := arguments(inside)
	if err != nil {
		return nil, err
	}
	f, ok := of.(Ref)
	if !ok {
		return nil, otherCall
	}
	switch f.Path {
	case "datetime.timedelta":
		return e.timedelta(args)
	case "os.environ.get", "os.getenv":
		return e.getenv(args)
	case "int", "float", "str", "bool":
		return e.converted(f.Path, args)
	case "dict":
		return e.dict(args)
	case "list", "tuple", "set", "frozenset":
		return e.list(args)
	}
	return nil, otherCall
}

// skip moves behind a closing bracket and returns what is before it. The lexer
// has made sure that brackets match.
func (e *expr) skip(end string) ([]token, bool) {
	depth, from := 0, e.pos
	for ; e.pos < len(e.tokens); e.pos++ {
		t := e.tokens[e.pos]
		switch {
		case depth == 0 && t.is(end):
			e.pos++
			return e.tokens[from : e.pos-1], true
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			depth--
		}
	}
	return nil, false
}

// arguments splits what a call is given at its commas.
func arguments(tokens []token) ([]argument, error) {
	var args []argument
	for _, part := range split(tokens, ",") {
		a := argument{tokens: part}
		switch {
		case len(part) == 0 || part[0].is("*") || part[0].is("**"):
			return nil, unsupported
		case len(part) > 2 && part[0].kind == name && part[1].is("="):
			a = argument{part[0].text, part[2:]}
		}
		args = append(args, a)
	}
	return args, nil
}

// split cuts tokens at an operator outside of brackets. Nothing after the last
// one is no part.
func split(tokens []token, at string) (parts [][]token) {
	depth, from := 0, 0
	for i, t := range tokens {
		switch {
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			depth--
		case depth == 0 && t.is(at):
			parts = append(parts, tokens[from:i])
			from = i + 1
		}
	}
	if from < len(tokens) {
		parts = append(parts, tokens[from:])
	}
	return parts
}

func (e *expr) value(a argument) (Value, error) {
	if e.depth >= maxDepth {
		return nil, tooDeep
	}
	inner := &expr{tokens: a.tokens, depth: e.depth + 1, scope: e.scope, work: e.work}
	v, err := inner.full()
	if err == nil && inner.pos < len(inner.tokens) {
		err = inner.unexpected()
	}
	return v, err
}

// timedelta adds up what timedelta(...) is given.
func (e *expr) timedelta(args []argument) (Value, error) {
	const day = 24 * time.Hour
	units := map[string]time.Duration{
		"days": day, "seconds": time.Second, "microseconds": time.Microsecond, "milliseconds": time.Millisecond,
		"minutes": time.Minute, "hours": time.Hour, "weeks": 7 * day,
	}
	places := []string{"days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"}
	var sum Value = time.Duration(0)
	for i, a := range args {
		if a.name == "" && i < len(places) {
			a.name = places[i]
		}
		unit, ok := units[a.name]
		if !ok {
			return nil, unsupported
		}
		v, err := e.value(a)
		if err != nil {
			return nil, err
		}
		part, err := span("*", unit, v)
		if err != nil {
			return nil, err
		}
		if sum, err = span("+", sum.(time.Duration), part); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// getenv reads os.environ.get(NAME, DEFAULT).
func (e *expr) getenv(args []argument) (Value, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, incomplete
	}
	v, err := e.value(args[0])
	if err != nil {
		return nil, err
	}
	word, ok := v.(string)
	if !ok || args[0].name != "" && args[0].name != "key" {
		return nil, otherCall
	}
	out := Env{Name: word}
	if len(args) == 2 {
		if args[1].name != "" && args[1].name != "default" {
			return nil, otherCall
		}
		if out.Default, err = e.value(args[1]); err != nil {
			return nil, err
		}
		switch out.Default.(type) {
		case Env:
			return nil, conditional
		case None:
			out.Default = nil
		}
	}
	return e.made(out, nil)
}

// converted is int(...) and its like, of a literal or of a variable's default.
func (e *expr) converted(to string, args []argument) (Value, error) {
	if len(args) != 1 || args[0].name != "" {
		return nil, otherCall
	}
	v, err := e.value(args[0])
	if err != nil {
		return nil, err
	}
	env, isEnv := v.(Env)
	if isEnv {
		if env.Default == nil {
			return env, nil
		}
		v = env.Default
	}
	if v, err = convert(to, v); err != nil {
		return nil, err
	}
	if isEnv {
		env.Default = v
		return env, nil
	}
	return v, nil
}

func convert(to string, v Value) (Value, error) {
	switch x := v.(type) {
	case string:
		switch to {
		case "str":
			return x, nil
		case "bool":
			return x != "", nil
		case "int":
			if n, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64); err == nil {
				return n, nil
			}
		}
	case bool:
		if to == "bool" {
			return x, nil
		}
	case int64:
		switch to {
		case "int":
			return x, nil
		case "bool":
			return x != 0, nil
		case "str":
			return strconv.FormatInt(x, 10), nil
		case "float":
			return float64(x), nil
		}
	case float64:
		switch {
		case to == "float":
			return x, nil
		case to == "int" && x > -1e15 && x < 1e15:
			return int64(x), nil
		}
	}
	return nil, otherCall
}

func (e *expr) dict(args []argument) (Value, error) {
	var pairs []Pair
	for _, a := range args {
		if a.name == "" {
			return nil, otherCall
		}
		v, err := e.value(a)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, Pair{a.name, v})
	}
	return e.made(newDict(pairs), nil)
}

func (e *expr) list(args []argument) (Value, error) {
	if len(args) == 0 {
		return newList(nil), nil
	}
	v, err := e.value(args[0])
	if err != nil {
		return nil, err
	}
	if l, ok := v.(List); ok && len(args) == 1 && args[0].name == "" {
		return l, nil
	}
	return nil, otherCall
}
