// Package password hashes, verifies and judges passwords.
//
// # Hashing
//
// [New] takes a [Config], whose zero value is the default, and returns a [Hasher]:
//
//	h, err := password.New(password.Config{Salt: "a long random text, kept forever"})
//	stored, err := h.Hash(ctx, "correct horse battery staple")
//	match, err := h.Verify(ctx, "correct horse battery staple", stored)
//	if match.OK && match.Rehash { ... } // hash again and store
//
// A password goes through four steps: Unicode normalisation (NFKD), HMAC-SHA512 keyed
// with PASSWORD_SALT and base64, for bcrypt a cut at 72 bytes, and the slow hash. The
// second step is left out for schemes in PASSWORD_SINGLE_HASH, whose hashes came from
// another framework, and altogether while PASSWORD_SALT is empty. An application that
// brings users from Flask-Security sets the same PASSWORD_SALT; without it none of
// them can sign in.
//
// New hashes are argon2id with 19 MiB and two passes, or with PASSWORD_HASH_PROFILE =
// flask-security 64 MiB, three passes, four lanes; PASSWORD_ARGON2_MEMORY, _TIME and
// _THREADS change single parameters. Other writers are bcrypt, scrypt,
// pbkdf2_sha256, pbkdf2_sha512, sha256_crypt and sha512_crypt; PASSWORD_HASH_ROUNDS
// sets their cost.
//
// # Stored hashes
//
// Read, once listed in PASSWORD_SCHEMES, are passlib's text formats:
//
//	argon2                $argon2id$v=19$m=..,t=..,p=..$salt$tag, also $argon2i$
//	bcrypt                $2a$, $2b$, $2y$
//	bcrypt_sha256         $bcrypt-sha256$, versions 1 and 2
//	scrypt                $scrypt$ln=..,r=..,p=..$
//	pbkdf2_sha1           $pbkdf2$
//	pbkdf2_sha256, _sha512  $pbkdf2-sha256$, $pbkdf2-sha512$
//	sha256_crypt, sha512_crypt  $5$, $6$
//	django_argon2, django_bcrypt, django_bcrypt_sha256
//	django_pbkdf2_sha1, django_pbkdf2_sha256
//	django_salted_md5, django_salted_sha1
//	plaintext             what none of the others claims
//
// The default list is bcrypt, argon2, pbkdf2_sha256, pbkdf2_sha512, sha256_crypt and
// sha512_crypt. Flask-Security's default has two more, left out here on purpose:
// des_crypt, which is not supported, and plaintext, which works only where it is
// listed, as the last name. A text that begins like a hash is never taken as plaintext.
//
// The parsers are strict, and parameters over the PASSWORD_MAX_ ceilings are refused
// with a [HashError] before anything is computed. Match.Rehash asks for a new hash when
// the stored one is of a weaker class or cost than the policy, or equal in cost and of
// another scheme; never when it is stronger.
//
// # Time and load
//
// Hashes go through one gate for each [Hasher], which has room for PASSWORD_HASH_MEMORY
// MiB and PASSWORD_HASH_SLOTS processors. A hash takes its memory, rounded up, and a
// processor, or as many as it has argon2 lanes, because the lanes are computed side by
// side; one that needs more than there is takes all, and runs alone. Who finds no room
// waits in a line of PASSWORD_HASH_QUEUE, in the order of arrival, as long as the context
// allows and at most PASSWORD_HASH_WAIT; after that, or where the line is full, the call
// fails with [ErrBusy]. Users who are signed in have a line of their own, in which each
// has two places at most ([Preferred]).
// Config.Observe tells what happens, and [Hasher.Warnings] what cannot go well.
//
// The collector frees the memory of a hash some time after it: expect about twice
// PASSWORD_HASH_MEMORY of the process, or less with GOMEMLIMIT set.
//
// Passwords over PASSWORD_MAX_BYTES are refused before the gate. For an account that does
// not exist call [Hasher.Waste]: it weighs and costs what a hash of the policy does, and
// waits in the same line. An imported hash that is dearer or cheaper than the policy
// still takes its own time and room until its owner has signed in once and it was
// replaced, if it is weaker. If it is dearer that lasts, and tells by time that the account
// exists: Match.Costlier says so, and the cure is a policy as dear as the stored hashes.
//
// # New passwords
//
// [NewPolicy] returns a [Policy], whose Check tests, in this order, the length in code
// points (PASSWORD_LENGTH_MIN to 128), the 3000 commonest passwords and the words of
// the user's context, the zxcvbn score, and known leaks through the range API of "Have
// I Been Pwned", or another [Breaches]. There are no rules about kinds of characters
// (ASVS 6.2.5). A score sees the first 72 characters.
//
// # Tests
//
// [NewForTests] costs microseconds. Its token comes from a package that programs
// outside this module cannot import.
package password
