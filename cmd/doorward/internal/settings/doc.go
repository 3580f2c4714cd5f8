// Package settings gathers what the program is configured with: from a file,
// from the environment and from flags, each going before the one named first.
// It knows where every value came from, so that `doorward settings` can tell.
package settings
