package i18n

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// Browsers send some ten languages in a hundred bytes. What strangers send
// beyond these is not read.
const (
	acceptMax  = 512
	wishesMax  = 20
	subtagsMax = 35 // bytes of one tag, BCP 47 section 4.4.1
)

// matcher finds the best of offered.
type matcher struct {
	offered []string
	tags    []language.Tag // those of offered that are tags, und for the others
	inner   language.Matcher
	index   []int // of inner's tags in offered
}

// Match returns which of offered suits a reader best who sent accept: an
// Accept-Language header (RFC 9110 section 12.5.4) or one tag. The reader's
// order decides: who prefers British English to German gets English, if
// there is any. Another script of his language is better than nothing, another
// language is not, however close. Match returns "" if none suits, and for "*", by
// which anything suits the reader: then the default may decide.
func (c *Catalogues) Match(accept string, offered []string) string {
	if slices.Contains(offered, accept) {
		return accept
	}
	wishes := parse(accept)
	if len(wishes) == 0 {
		return ""
	}
	m := c.matcher.Load()
	if m == nil || !slices.Equal(m.offered, offered) {
		m = newMatcher(offered)
		c.matcher.Store(m)
	}
	return m.match(wishes)
}

func newMatcher(offered []string) *matcher {
	m := &matcher{offered: slices.Clone(offered)}
	for i, o := range offered {
		if tag, err := language.Parse(o); err == nil && !tag.IsRoot() {
			m.tags, m.index = append(m.tags, tag), append(m.index, i)
		}
	}
	m.inner = language.NewMatcher(m.tags)
	return m
}

// match asks for one wish at a time, because asked for all of them the matcher
// puts an exact match before an earlier wish.
func (m *matcher) match(wishes []wish) string {
	if len(m.tags) == 0 {
		return ""
	}
	for _, least := range []language.Confidence{language.High, language.Low} {
		for _, w := range wishes {
			_, i, sure := m.inner.Match(w.tag)
			if sure == language.Exact || sure >= least && sameBase(w.tag, m.tags[i]) {
				return m.offered[m.index[i]]
			}
		}
	}
	return ""
}

func sameBase(a, b language.Tag) bool {
	x, _ := a.Base()
	y, _ := b.Base()
	return x == y
}

// wish is a language that a reader wants, and how much.
type wish struct {
	tag    language.Tag
	weight float64
}

// parse returns the wishes of a header, the dearest first. What cannot be read
// is left out: a reader is not refused because of his languages.
func parse(accept string) []wish {
	if len(accept) > acceptMax {
		accept = accept[:max(strings.LastIndexByte(accept[:acceptMax], ','), 0)]
	}
	var out []wish
	for part := range strings.SplitSeq(accept, ",") {
		if w, ok := parseWish(part); ok {
			out = append(out, w)
		}
		if len(out) == wishesMax {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b wish) int { return cmp.Compare(b.weight, a.weight) })
	return out
}

func parseWish(part string) (wish, bool) {
	name, params, weighted := strings.Cut(part, ";")
	w := wish{weight: 1}
	if weighted {
		q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q=")
		var err error
		w.weight, err = strconv.ParseFloat(q, 64)
		if !found || err != nil || !(w.weight > 0 && w.weight <= 1) {
			return wish{}, false // 0 is "not this one"
		}
	}
	name = strings.TrimSpace(name)
	if name == "" || len(name) > subtagsMax {
		return wish{}, false
	}
	var err error
	w.tag, err = language.Parse(name)
	var unknown language.ValueError // a subtag that is well formed; the others count
	return w, (err == nil || errors.As(err, &unknown)) && !w.tag.IsRoot()
}
