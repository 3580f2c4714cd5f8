// I18ncheck keeps the translations in step with the English in the code: "make
// i18n". It builds an installation with everything turned on, writes all its
// texts into messages.pot, brings each catalogue beside it up to date, and prints what is
// missing and what looks wrong. Languages named as arguments are begun.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/po"
)

func main() {
	dir := flag.String("dir", filepath.Join("i18n", "locale"), "the `directory` of the catalogues")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "i18ncheck:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, dir string, begin []string) error {
	texts, err := allTexts(ctx)
	if err != nil {
		return err
	}
	langs, err := catalogues(dir)
	if err != nil {
		return err
	}
	for _, lang := range begin {
		if _, known := rules()[lang]; !known {
			return fmt.Errorf("the plural forms of %q are not known: add them to rules", lang)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, template), formatTemplate(texts), 0o644); err != nil {
		return err
	}
	langs = append(langs, begin...)
	slices.Sort(langs)
	for _, lang := range slices.Compact(langs) {
		if err := update(out, dir, lang, texts); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d texts\n", len(texts))
	return nil
}

// catalogues returns the languages that dir has a file of.
func catalogues(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.po"))
	for i, name := range names {
		names[i] = strings.TrimSuffix(filepath.Base(name), ".po")
	}
	return names, err
}

// read returns the catalogue of lang, an empty one if there is no file.
func read(dir, lang string) (*po.File, error) {
	name := filepath.Join(dir, lang+".po")
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return &po.File{}, nil
	}
	if err != nil {
		return nil, err
	}
	return po.Parse(name, data)
}

// update brings the catalogue of lang up to date and says how it stands.
func update(out io.Writer, dir, lang string, texts map[string]doorward.Text) error {
	old, err := read(dir, lang)
	if err != nil {
		return err
	}
	file, err := merge(lang, old, texts)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, lang+".po"), file.Format(), 0o644); err != nil {
		return err
	}
	report(out, lang, check(lang, file, texts))
	return nil
}

func report(out io.Writer, lang string, found findings) {
	if len(found.missing) == 0 {
		fmt.Fprintf(out, "%s: complete\n", lang)
	} else {
		fmt.Fprintf(out, "%s: %d missing: %s\n", lang, len(found.missing), strings.Join(found.missing, " "))
	}
	for _, problem := range found.wrong {
		fmt.Fprintf(out, "%s: %s\n", lang, problem)
	}
}
