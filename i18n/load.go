package i18n

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/language"

	"github.com/doorward/doorward/internal/po"
)

// add returns a copy of c with the *.po files of files, in the order of their
// paths. If forAny, translations hold whatever the English is.
func (c *Catalogues) add(files fs.FS, forAny bool) (*Catalogues, error) {
	out := c.clone()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".po" {
			return err
		}
		return out.load(files, name, forAny)
	})
	if err != nil {
		return nil, fmt.Errorf("translations: %w", err)
	}
	out.link()
	return out, nil
}

func (c *Catalogues) load(files fs.FS, name string, forAny bool) error {
	tag, err := languageOf(name)
	if err != nil {
		return err
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err // a PathError names the file
	}
	file, err := po.Parse(name, data)
	if err != nil {
		return err
	}
	texts, err := translations(name, file, forAny)
	if err != nil || len(texts) == 0 {
		return err
	}
	cat, ok := c.langs[tag]
	if !ok {
		cat = &catalogue{texts: map[string]text{}}
		c.langs[tag] = cat
	}
	for key, t := range texts {
		cat.texts[key] = t
	}
	return nil
}

// languageOf returns the language that a file's name says it is in.
func languageOf(name string) (string, error) {
	said := strings.TrimSuffix(path.Base(name), ".po")
	if dir := path.Dir(name); path.Base(dir) == "LC_MESSAGES" {
		said = path.Base(path.Dir(dir))
	}
	tag, err := language.Parse(said)
	if err != nil || tag.IsRoot() {
		return "", fmt.Errorf("%s: %q is not the tag of a language, such as de or zh-Hans", name, said)
	}
	return tag.String(), nil
}

// translations returns what a file translates, by key. Guesses (fuzzy) and
// translations that lack a form are left out.
func translations(name string, file *po.File, forAny bool) (map[string]text, error) {
	rule, known, err := file.Rule()
	if err != nil {
		return nil, &po.Error{Name: name, Line: file.Header.Line, Problem: err.Error()}
	}
	out := map[string]text{}
	for i := range file.Entries {
		e := &file.Entries[i]
		if e.Plural != "" && !known {
			return nil, &po.Error{Name: name, Line: e.Line, Problem: "there is a plural, and the header has no Plural-Forms"}
		}
		if e.Plural != "" && len(e.Str) != rule.Forms() {
			return nil, &po.Error{Name: name, Line: e.Line,
				Problem: fmt.Sprintf("%d forms, and the header promises %d", len(e.Str), rule.Forms())}
		}
		key := e.Context
		if !e.HasContext && forAny {
			key = e.ID
		}
		if _, better := out[key]; key == "" || !e.Translated() || better && !e.HasContext {
			continue
		}
		out[key] = text{one: e.ID, many: e.Plural, forAny: forAny, forms: e.Str, rule: rule}
	}
	return out, nil
}
