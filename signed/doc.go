// Package signed makes values that leave the server and come back: timed
// tokens that anybody may read and nobody may change ([Signer]), and sealed
// values that nobody may read either ([Sealer]).
//
// Both start from [Keys], a list of secrets of which the first one makes new
// values and all of them accept old ones. To rotate, put the new secret in
// front and keep the former one behind it until the longest-lived value made
// with it has expired:
//
//	keys, err := signed.NewKeys(newSecret, oldSecret)
//
// A secret is never used directly. Every signer and sealer names its purpose
// ("confirm", "session") and gets a key of its own, derived with HKDF-SHA256
// (RFC 5869), so that a value made for one purpose is noise for every other
// one (ASVS 9.2.2, NIST SP 800-57 part 1, 5.2: one key, one use). Keys of a
// signer and a sealer differ even under the same purpose.
//
// Nothing here is revocable or single-use: a valid value stays valid until it
// is too old or its key is dropped. What must happen once, or must end early,
// needs a record on the server.
package signed
