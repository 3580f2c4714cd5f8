package pysettings

import "strings"

// configure reads a statement that gives settings to app.config by a call.
func (f *file) configure(tokens []token, b *body) {
	open := -1
	for i, t := range tokens {
		if t.is("(") {
			open = i
			break
		}
	}
	if open < 4 || !isConfig(tokens[:open-2]) || !tokens[open-2].is(".") {
		return
	}
	e := &expr{tokens: tokens, pos: open + 1}
	inside, ok := e.skip(")")
	args := split(inside, ",")
	switch method := tokens[open-1].text; {
	case !ok || e.pos != len(tokens):
		f.unread(tokens, b, incomplete)
	case method == "update", method == "from_mapping":
		for _, part := range args {
			f.update(part, b)
		}
	case method == "setdefault" && len(args) == 2:
		f.setDefault(args, b)
	case method == "from_object" && len(args) == 1 && (len(args[0]) == 1 && args[0][0].kind == name):
		// A class of this file, or __name__: both are read anyway.
	case strings.HasPrefix(method, "from_"):
		f.unread(tokens, b, imported)
	}
}

// unread reports tokens, if there are any between the commas where they belong.
func (f *file) unread(tokens []token, b *body, why fault) {
	if len(tokens) == 0 {
		return
	}
	b.problems = append(b.problems, Problem{Line: tokens[0].line, Reason: why.Error(), Text: masked(tokens)})
}

// update reads one argument of app.config.update: NAME=value, or a dict.
func (f *file) update(part []token, b *body) {
	switch {
	case len(part) > 2 && part[0].kind == name && part[1].is("="):
		f.give(part[0].text, part[2:], part, b)
	case len(part) > 1 && part[0].is("**"):
		f.mapping(argument{tokens: part[1:]}, b)
	case len(part) > 0:
		f.mapping(argument{tokens: part}, b)
	}
}

func (f *file) give(word string, value, whole []token, b *body) {
	v, err := eval(value, &scope{b}, &f.work)
	if err != nil {
		v = unknown{}
		b.problems = append(b.problems, Problem{Line: whole[0].line, Name: word, Reason: err.Error(), Text: masked(whole), call: true})
	}
	b.set(word, whole[0].line, v, true)
}

// mapping reads a dict of settings. What is not understood of one written here
// costs only its own entry.
func (f *file) mapping(a argument, b *body) {
	tokens := a.tokens
	if n := len(tokens); n > 1 && tokens[0].is("{") && tokens[n-1].is("}") {
		for _, pair := range split(tokens[1:n-1], ",") {
			parts := split(pair, ":")
			if len(parts) < 2 || len(parts[0]) != 1 || parts[0][0].kind != text {
				f.unread(pair, b, unsupported)
				continue
			}
			if v, err := unquote(parts[0][0].text); err == nil {
				if word, ok := v.(string); ok {
					f.give(word, pair[2:], pair, b)
				}
			}
		}
		return
	}
	v, err := eval(tokens, &scope{b}, &f.work)
	d, ok := v.(Dict)
	if err != nil || !ok {
		f.unread(tokens, b, noValue)
		return
	}
	for _, p := range d.Pairs {
		if word, ok := p.Key.(string); ok {
			b.set(word, tokens[0].line, p.Value, true)
		}
	}
}

func (f *file) setDefault(args [][]token, b *body) {
	if len(args[0]) != 1 || args[0][0].kind != text {
		f.unread(args[0], b, unsupported)
		return
	}
	v, _ := unquote(args[0][0].text)
	if word, ok := v.(string); ok && !b.given[word] && !f.module.given[word] {
		f.give(word, args[1], append(append([]token{}, args[0]...), args[1]...), b)
	}
}

// imports learns what names stand for, and reports settings from other files.
func (f *file) imports(tokens []token, b *body) {
	module, list := "", tokens[1:]
	if tokens[0].word("from") {
		i := 1
		for ; i < len(tokens) && !tokens[i].word("import"); i++ {
			module += tokens[i].text
		}
		list = tokens[min(i+1, len(tokens)):]
		module += "."
	}
	if len(list) > 1 && list[0].is("(") {
		list = list[1 : len(list)-1]
	}
	for _, part := range split(list, ",") {
		f.imported(module, part, b)
	}
}

func (f *file) imported(module string, part []token, b *body) {
	if len(part) == 0 {
		return
	}
	path, alias := "", part[0].text
	for i, t := range part {
		if t.word("as") && i+1 < len(part) {
			alias = part[i+1].text
			break
		}
		path += t.text
	}
	switch {
	case path == "*":
		b.problems = append(b.problems, Problem{Line: part[0].line, Reason: imported.Error(), Imported: true, Text: "from ... import *"})
	case module == "" && alias == part[0].text: // import os.path binds os
		b.bind(alias, Ref{alias})
	default:
		b.bind(alias, Ref{module + path})
		if isSetting(alias) && module != "" {
			b.problems = append(b.problems, Problem{Line: part[0].line, Name: alias, Reason: imported.Error(), Imported: true})
		}
	}
}
