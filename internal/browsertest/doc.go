// Package browsertest looks at the built-in pages with a real browser: can a
// visitor sign in, be told what went wrong, and do it on a small screen, in the
// dark, and without seeing.
//
// It has tests only. They need a Chromium and skip without one, unless
// DOORWARD_REQUIRE_BROWSER=1 says that there must be one; DOORWARD_BROWSER names
// the program. With DOORWARD_SHOTS=dir every page that is looked at is kept as
// a picture in dir.
package browsertest
