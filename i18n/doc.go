// Package i18n says in other languages what doorward says in English.
//
//	catalogues, err := i18n.Builtin()
//	cfg.Languages.Translator = catalogues
//
// The words in the code are English; the other languages are gettext files
// (locale/*.po) that are part of the program. An application adds a language,
// or replaces a text of one, with files of its own:
//
//	catalogues, err = catalogues.With(os.DirFS("translations"))
//
// An entry names the text by its key and repeats the English:
//
//	msgctxt "login_title"
//	msgid "Sign in"
//	msgstr "Anmelden"
//
// A built-in translation is used for just the English it was made for. If an
// application replaces the English, it brings the translations too: in files
// given to [Catalogues.With] only the key counts, as msgctxt or as msgid.
//
// How the language of a visitor is chosen, and how translators work, is told in
// docs/languages.md.
package i18n
