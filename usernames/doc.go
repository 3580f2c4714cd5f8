// Package usernames holds the rules for user names and their stored form.
//
//	name, violation := usernames.Rules{}.Check("Joe")
//
// A user name consists of letters and digits of any script (Unicode categories L and
// N). Four refusals are told apart: markup, control characters, what is not UTF-8, or
// outer spaces (USERNAME_ILLEGAL_CHARACTERS), any other character that is neither letter
// nor digit (USERNAME_DISALLOWED_CHARACTERS), scripts that are not written together
// (USERNAME_MIXED_SCRIPTS), and the length in code points of the normalised name, both
// bounds included (USERNAME_INVALID_LENGTH). They are found in this order.
//
// The stored form is the name in Unicode form NFKD. The rules hold for it too: a letter
// or number whose compatibility form contains punctuation or space, such as a
// parenthesised digit, is refused, because whatever is checked must be what is stored.
// Only the marks that the form splits off its letters are accepted there.
//
// Case is kept. Whether look-ups ignore it is a matter of the identity attribute; they
// use [Rules.Normalize], which refuses nothing.
//
// # Look-alikes
//
// The Latin "a" and the Cyrillic one look the same. A name that mixes scripts is refused,
// unless they are written together: the restriction level "highly restrictive" of Unicode
// Technical Standard 39 (section 5.2), and one system of decimal digits (section 5.3).
// With compatibility forms gone and marks, joiners and direction marks refused, what is
// left are names wholly in one script that look like one in another, and letters of one
// script that resemble each other (l, I, 1). Those are accepted: refusing them would take
// words of whole languages away.
//
// USERNAME_MIXED_SCRIPTS accepts mixed names, for installations that have such users
// already.
//
// Settings: USERNAME_MIN_LENGTH, USERNAME_MAX_LENGTH, USERNAME_NORMALIZE_FORM,
// USERNAME_MIXED_SCRIPTS.
package usernames
