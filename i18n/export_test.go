package i18n

import "io/fs"

// BuiltinFrom returns the catalogues of a program that has files for built-in ones.
func BuiltinFrom(files fs.FS) (*Catalogues, error) { return new(Catalogues).add(files, false) }
