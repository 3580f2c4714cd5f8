// Package archtest holds the rules of this repository as tests: which package
// may import which, how many names a package may export, and what the text of
// a file must not contain.
//
// [House] is the table of rules. A new package does not pass until it has a
// place there, so that its layer is decided and not drifted into.
package archtest
