package pysettings

import "strings"

const (
	maybe    fault = "it is in a block that may or may not run"
	imported fault = "it comes from another file"
	computed fault = "it is a function, or a property, which is not called here"
)

// block reads the lines of a body that are indented deeper than outer, and
// returns how many those are.
func (f *file) block(all []line, outer int, b *body) int {
	i := 0
	for i < len(all) && all[i].indent > outer {
		l := all[i]
		i++
		if l.bad != "" {
			word := target(l.tokens)
			if word != "" {
				b.set(word, l.number, unknown{}, false)
			}
			b.problems = append(b.problems, Problem{Line: l.number, Name: word, Reason: l.bad, call: true})
			continue
		}
		if !compound(l.tokens) {
			f.statements(l.tokens, b)
			continue
		}
		nested := 0
		for i+nested < len(all) && all[i+nested].indent > l.indent {
			nested++
		}
		f.compound(l, all[i:i+nested], b)
		i += nested
	}
	return i
}

// compound reports whether a statement has a block of its own.
func compound(tokens []token) bool {
	t := tokens[0]
	if t.is("@") {
		return false
	}
	if t.kind != name {
		return false
	}
	switch t.text {
	case "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async":
		return true
	case "match", "case":
		return tokens[len(tokens)-1].is(":")
	}
	return false
}

func (f *file) compound(head line, rest []line, b *body) {
	first := head.tokens[0].text
	if (first == "class" || first == "def") && len(head.tokens) > 1 && head.tokens[1].kind == name {
		word := head.tokens[1]
		b.bind(word.text, Ref{word.text})
		switch {
		case b == f.module:
			f.nested(head, rest, first == "def")
		case isSetting(word.text) && !b.function: // a property, which goes before what is inherited
			b.set(word.text, word.line, unknown{}, false)
			b.problems = append(b.problems, Problem{Line: word.line, Name: word.text, Reason: computed.Error()})
		}
		return
	}
	report := newBody(f)
	report.function = b.function
	if inline := inside(head.tokens); len(inline) > 0 {
		f.statements(inline, report)
	}
	for _, l := range rest {
		if l.bad == "" && !compound(l.tokens) {
			f.statements(l.tokens, report)
		}
	}
	for _, e := range report.entries {
		b.problems = append(b.problems, Problem{Line: e.Line, Name: e.Name, Reason: maybe.Error(), Kept: b.given[e.Name], call: e.call})
	}
	for _, p := range report.problems {
		if p.Name == "" {
			b.problems = append(b.problems, p)
		}
	}
	for name := range report.vars {
		b.bind(name, unknown{})
	}
}

// inside are the tokens behind the colon of a compound statement on one line.
func inside(tokens []token) []token {
	parts := split(tokens, ":")
	if len(parts) < 2 || len(parts[1]) == 0 {
		return nil
	}
	return tokens[len(parts[0])+1:]
}

// nested reads a class or a function of the module.
func (f *file) nested(head line, rest []line, function bool) {
	if len(f.all) >= maxParts {
		return
	}
	b := newBody(f)
	b.name, b.line, b.function = head.tokens[1].text, head.number, function
	parts := split(head.tokens, ":")
	if !function && len(parts[0]) > 3 && parts[0][2].is("(") {
		for _, base := range split(parts[0][3:len(parts[0])-1], ",") {
			if len(base) > 0 && base[0].kind == name && len(b.bases) < maxDepth {
				b.bases = append(b.bases, base[len(base)-1].text)
			}
		}
	}
	if inline := inside(head.tokens); len(inline) > 0 && !function {
		f.statements(inline, b)
	}
	f.block(rest, head.indent, b)
	f.all = append(f.all, b)
	if !function {
		f.classes[b.name] = b
	}
}

// statements reads simple statements between semicolons.
func (f *file) statements(tokens []token, b *body) {
	for _, part := range split(tokens, ";") {
		if len(part) > 0 {
			f.statement(part, b)
		}
	}
}

func (f *file) statement(tokens []token, b *body) {
	switch {
	case tokens[0].word("import"), tokens[0].word("from"):
		f.imports(tokens, b)
		return
	case tokens[0].word("del"):
		f.lose(tokens[1:], b, unsupported)
		return
	case tokens[0].kind == name && isKeyword(tokens[0].text), tokens[0].is("@"):
		return
	}
	targets, value, operator := assignment(tokens)
	switch {
	case targets == nil:
		f.configure(tokens, b)
	case operator != "":
		f.augment(targets[0], value, operator, b)
	default:
		v, err := eval(value, &scope{b}, &f.work)
		for _, t := range targets {
			f.assign(t, v, err, tokens, b)
		}
	}
}

func isKeyword(word string) bool {
	switch word {
	case "pass", "return", "global", "nonlocal", "break", "continue", "assert", "raise", "yield", "await":
		return true
	}
	return false
}

// assignment takes "a = b = value", "a: type = value" and "a += value" apart.
func assignment(tokens []token) (targets [][]token, value []token, operator string) {
	depth, from := 0, 0
	annotation := -1
	for i, t := range tokens {
		switch {
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			depth--
		case depth > 0:
		case t.word("lambda"):
			return targets, tokens[from:], ""
		case t.is(":") && annotation < 0 && from == 0:
			annotation = i
		case t.kind == op && len(t.text) > 1 && strings.HasSuffix(t.text, "=") && !strings.Contains("== != <= >= :=", t.text):
			return [][]token{tokens[:i]}, tokens[i+1:], strings.TrimSuffix(t.text, "=")
		case t.is("="):
			end := i
			if annotation >= 0 && from == 0 {
				end = annotation
			}
			targets = append(targets, tokens[from:end])
			from = i + 1
		}
	}
	return targets, tokens[from:], ""
}

// place is what a statement assigns to: a name, or a setting of app.config.
func place(tokens []token) (word string, call, ok bool) {
	n := len(tokens)
	switch {
	case n == 1 && tokens[0].kind == name:
		return tokens[0].text, false, true
	case n > 4 && tokens[n-1].is("]") && tokens[n-2].kind == text && tokens[n-3].is("[") && isConfig(tokens[:n-3]):
		v, err := unquote(tokens[n-2].text)
		word, isText := v.(string)
		return word, true, err == nil && isText
	case n > 2 && tokens[n-2].is(".") && dotted(tokens[:n-2]):
		switch tokens[n-1].text {
		case "secret_key":
			return "SECRET_KEY", true, true
		case "permanent_session_lifetime":
			return "PERMANENT_SESSION_LIFETIME", true, true
		}
	}
	return "", false, false
}

// isConfig recognises app.config.
func isConfig(tokens []token) bool {
	n := len(tokens)
	return n > 2 && tokens[n-1].word("config") && dotted(tokens)
}

func dotted(tokens []token) bool {
	for i, t := range tokens {
		if i%2 == 0 && t.kind != name || i%2 == 1 && !t.is(".") {
			return false
		}
	}
	return len(tokens)%2 == 1
}

func (f *file) assign(target []token, v Value, err error, whole []token, b *body) {
	word, call, ok := place(target)
	if !ok {
		f.lose(target, b, unsupported)
		return
	}
	if err != nil {
		v = unknown{}
	}
	if _, lost := v.(unknown); !call && (!lost || !isApp(word)) {
		b.bind(word, v)
	}
	if !call && !isSetting(word) || !call && b.function {
		return
	}
	b.set(word, target[0].line, v, call)
	if err != nil {
		b.problems = append(b.problems, Problem{Line: target[0].line, Name: word, Reason: err.Error(), Text: masked(whole), call: call})
	}
}

// lose forgets the values of all settings in tokens, which something happens to.
func (f *file) lose(tokens []token, b *body, why fault) {
	for i, t := range tokens {
		inner := i+1 < len(tokens) && (tokens[i+1].is(".") || tokens[i+1].is("("))
		word := t.text
		if t.kind == text && i > 0 && tokens[i-1].is("[") {
			v, _ := unquote(t.text)
			word, _ = v.(string)
		} else if t.kind != name || inner {
			continue
		}
		b.bind(word, unknown{})
		if isSetting(word) && !b.function {
			b.set(word, t.line, unknown{}, false)
			b.problems = append(b.problems, Problem{Line: t.line, Name: word, Reason: why.Error(), Text: masked(tokens)})
		}
	}
}

func (f *file) augment(target, value []token, operator string, b *body) {
	if operator == "|" && isConfig(target) {
		if len(value) == 0 {
			f.unread(target, b, incomplete)
			return
		}
		f.mapping(argument{tokens: value}, b)
		return
	}
	word, call, ok := place(target)
	if !ok {
		f.lose(target, b, unsupported)
		return
	}
	s := &scope{b}
	old, known := b.vars[word]
	if call {
		old, known = s.setting(word)
	}
	v, err := eval(value, s, &f.work)
	if _, lost := old.(unknown); lost || !known {
		err = noValue
	}
	if err == nil {
		v, err = (&expr{scope: s, work: &f.work}).made(apply(operator, old, v))
	}
	f.assign(target, v, err, append(append(append([]token{}, target...), token{op, operator + "=", target[0].line}), value...), b)
}
