// Package po reads and writes the gettext files that hold translations.
//
// It reads strictly: a line that does not belong is an error which names file
// and line, where gettext libraries commonly pass over it, so that a slip of
// the pen would be a text that is missing without anybody being told. The
// Plural-Forms expression of the header is compiled by gotext.
package po

import "fmt"

// File is one catalogue.
type File struct {
	// Comments stand at the top of the file, each with its "#".
	Comments []string
	Header   Entry
	Entries  []Entry
}

// Entry is one text and its translation.
type Entry struct {
	// Line is where the entry begins, 0 in one that was not read.
	Line int
	// Comments are the translators' own, each with its "#".
	Comments []string
	// Fuzzy marks a guess, which is not shown to anybody.
	Fuzzy bool
	// HasContext tells an empty Context from none.
	HasContext bool
	Context    string
	ID         string
	// Plural is the English for several things, "" if the text counts nothing.
	Plural string
	// Str holds the translation, one for each form if it has a Plural.
	Str []string
}

// Translated reports whether every form has words.
func (e *Entry) Translated() bool {
	for _, s := range e.Str {
		if s == "" {
			return false
		}
	}
	return len(e.Str) > 0 && !e.Fuzzy
}

// Error is what is wrong with a file.
type Error struct {
	Name    string
	Line    int
	Problem string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Problem) }
