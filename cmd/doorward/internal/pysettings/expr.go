package pysettings

import (
	"slices"
	"strings"
)

const (
	conditional   fault = "it depends on a condition"
	comprehension fault = "it is computed by a loop"
	noValue       fault = "it uses a name whose value is not known here"
	otherCall     fault = "it calls something, which is not done here"
	otherAccess   fault = "it asks an object for something"
	tooDeep       fault = "it is nested too deeply"
	unsupported   fault = "it is an expression of a kind that is not read"
)

// expr evaluates the tokens of one expression.
type expr struct {
	tokens []token
	pos    int
	depth  int
	scope  *scope
	work   *int
}

// eval returns what tokens stand for.
func eval(tokens []token, s *scope, work *int) (Value, error) {
	e := &expr{tokens: tokens, scope: s, work: work}
	v, err := e.full()
	if _, more := e.accept(","); err == nil && more { // a tuple without parentheses
		var rest []Value
		if rest, err = e.items(""); err == nil {
			v, err = e.made(newList(append([]Value{v}, rest...)), nil)
		}
	}
	if err == nil && e.pos < len(tokens) {
		err = e.unexpected()
	}
	if err != nil && slices.ContainsFunc(tokens, func(t token) bool { return t.word("for") }) {
		err = comprehension
	}
	return v, err
}

func (e *expr) peek() token {
	if e.pos < len(e.tokens) {
		return e.tokens[e.pos]
	}
	return token{kind: op}
}

func (e *expr) accept(ops ...string) (string, bool) {
	for _, o := range ops {
		if e.peek().is(o) {
			e.pos++
			return o, true
		}
	}
	return "", false
}

// unexpected says why an expression ends where it does.
func (e *expr) unexpected() error {
	t := e.peek()
	switch {
	case t.word("for"), t.word("async"):
		return comprehension
	case t.word("if"), t.word("and"), t.word("or"), t.word("not"), t.word("in"), t.word("is"):
		return conditional
	case t.is("=="), t.is("!="), t.is("<"), t.is(">"), t.is("<="), t.is(">="):
		return conditional
	case t.kind == op && t.text != "" && strings.Contains("&|^~@:=", t.text):
		return unsupported
	}
	return incomplete
}

// full reads an expression with its conditions, of which only one is understood:
// a default for a variable of the environment, with "or".
func (e *expr) full() (Value, error) {
	if e.depth++; e.depth > maxDepth {
		return nil, tooDeep
	}
	defer func() { e.depth-- }()
	if t := e.peek(); t.word("lambda") || t.word("not") || t.word("await") || t.word("yield") {
		return nil, unsupported
	}
	v, err := e.sum()
	if err != nil {
		return nil, err
	}
	for e.peek().word("or") {
		e.pos++
		right, err := e.sum()
		if err != nil {
			return nil, err
		}
		env, ok := v.(Env)
		if !ok {
			return nil, conditional
		}
		if _, nested := right.(Env); nested {
			return nil, conditional
		}
		if !truth(env.Default) {
			env.Default = right
		}
		v = env
	}
	if t := e.peek(); t.word("if") || t.word("and") || t.word("in") || t.word("is") || t.word("not") {
		return nil, conditional
	}
	return v, nil
}

// sum reads operators, those that bind least first.
func (e *expr) sum() (Value, error) {
	product := func() (Value, error) { return e.binary(e.unary, "*", "//", "/", "%") }
	sum := func() (Value, error) { return e.binary(product, "+", "-") }
	return e.binary(sum, "<<", ">>")
}

func (e *expr) binary(operand func() (Value, error), ops ...string) (Value, error) {
	v, err := operand()
	for err == nil {
		o, ok := e.accept(ops...)
		if !ok {
			return v, nil
		}
		var right Value
		if right, err = operand(); err == nil {
			v, err = e.made(apply(o, v, right))
		}
	}
	return nil, err
}

// made counts a value that was computed.
func (e *expr) made(v Value, err error) (Value, error) {
	if err != nil {
		return nil, err
	}
	w := weight(v)
	*e.work += w
	if w > maxWeight || *e.work > maxWork {
		return nil, tooLarge
	}
	return v, nil
}

func (e *expr) unary() (Value, error) {
	if o, ok := e.accept("-", "+"); ok {
		if e.depth++; e.depth > maxDepth {
			return nil, tooDeep
		}
		defer func() { e.depth-- }()
		v, err := e.unary()
		if err != nil {
			return nil, err
		}
		return signed(o, v)
	}
	v, err := e.primary()
	if err != nil {
		return nil, err
	}
	if _, ok := e.accept("**"); ok {
		if e.depth++; e.depth > maxDepth {
			return nil, tooDeep
		}
		defer func() { e.depth-- }()
		right, err := e.unary()
		if err != nil {
			return nil, err
		}
		return e.made(apply("**", v, right))
	}
	return v, nil
}

// primary reads a literal, a name, a call, or something in brackets.
func (e *expr) primary() (Value, error) {
	v, err := e.atom()
	if err != nil {
		return nil, err
	}
	for {
		switch {
		case e.peek().is("."):
			v, err = e.method(v)
		case e.peek().is("("):
			v, err = e.call(v)
		case e.peek().is("["):
			v, err = e.item(v)
		default:
			return v, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (e *expr) atom() (Value, error) {
	t := e.peek()
	e.pos++
	switch t.kind {
	case number:
		return literal(t.text)
	case text:
		e.pos--
		return e.strings()
	case name:
		return e.named(t)
	}
	switch t.text {
	case "(":
		return e.group()
	case "[":
		items, err := e.items("]")
		if err != nil {
			return nil, err
		}
		return e.made(newList(items), nil)
	case "{":
		return e.braces()
	}
	e.pos--
	return nil, e.unexpected()
}

// strings reads literals beside each other, which are one.
func (e *expr) strings() (Value, error) {
	var b strings.Builder
	bytes, texts := false, false
	for ; e.peek().kind == text; e.pos++ {
		v, err := unquote(e.peek().text)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case Bytes:
			b.WriteString(string(v))
			bytes = true
		case string:
			b.WriteString(v)
			texts = true
		}
	}
	switch {
	case bytes && texts:
		return nil, noLiteral
	case bytes:
		return e.made(Bytes(b.String()), nil)
	}
	return e.made(b.String(), nil)
}

func (e *expr) named(t token) (Value, error) {
	switch t.text {
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "None":
		return None{}, nil
	case "for", "async":
		return nil, comprehension
	case "if", "else", "and", "or", "not", "in", "is":
		return nil, conditional
	case "lambda", "await", "yield":
		return nil, unsupported
	}
	v, ok := e.scope.lookup(t.text)
	if _, lost := v.(unknown); lost || !ok {
		if e.peek().is("(") {
			return nil, otherCall
		}
		return nil, noValue
	}
	return v, nil
}

// group reads what is in parentheses: an expression or a tuple.
func (e *expr) group() (Value, error) {
	if _, ok := e.accept(")"); ok {
		return newList(nil), nil
	}
	v, err := e.full()
	if err != nil {
		return nil, err
	}
	if _, ok := e.accept(")"); ok {
		return v, nil
	}
	if _, ok := e.accept(","); !ok {
		return nil, e.unexpected()
	}
	rest, err := e.items(")")
	if err != nil {
		return nil, err
	}
	return e.made(newList(append([]Value{v}, rest...)), nil)
}

// items reads expressions between commas up to a closing bracket.
func (e *expr) items(end string) ([]Value, error) {
	var items []Value
	for {
		if _, ok := e.accept(end); ok || end == "" && e.pos >= len(e.tokens) {
			return items, nil
		}
		if e.peek().is("*") {
			return nil, unsupported
		}
		v, err := e.full()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		if _, ok := e.accept(","); !ok && !e.peek().is(end) {
			return nil, e.unexpected()
		}
	}
}

// braces reads a dict or a set.
func (e *expr) braces() (Value, error) {
	var pairs []Pair
	for {
		if _, ok := e.accept("}"); ok {
			return e.made(newDict(pairs), nil)
		}
		if e.peek().is("*") || e.peek().is("**") {
			return nil, unsupported
		}
		key, err := e.full()
		if err != nil {
			return nil, err
		}
		if _, ok := e.accept(":"); !ok && pairs == nil {
			return e.set(key)
		} else if !ok {
			return nil, e.unexpected()
		}
		value, err := e.full()
		if err != nil {
			return nil, err
		}
		if isComposite(key) {
			return nil, unsupported
		}
		pairs = append(pairs, Pair{key, value})
		if _, ok := e.accept(","); !ok && !e.peek().is("}") {
			return nil, e.unexpected()
		}
	}
}

func (e *expr) set(first Value) (Value, error) {
	if _, ok := e.accept(","); !ok && !e.peek().is("}") {
		return nil, e.unexpected()
	}
	rest, err := e.items("}")
	if err != nil {
		return nil, err
	}
	return e.made(newList(append([]Value{first}, rest...)), nil)
}
