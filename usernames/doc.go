// Package usernames holds the rules for user names and their stored form.
//
//	name, violation := usernames.Rules{}.Check("Joe")
//
// A user name consists of letters and digits of any script (Unicode categories L and
// N). Three refusals are told apart: markup, control characters or outer spaces
// (USERNAME_ILLEGAL_CHARACTERS), any other character that is neither letter nor digit
// (USERNAME_DISALLOWED_CHARACTERS), and the length in code points of the normalised
// name, both bounds included (USERNAME_INVALID_LENGTH). They are found in this order.
//
// The stored form is the name in Unicode form NFKD. The rules hold for it too: a letter
// or number whose compatibility form contains punctuation or space, such as a
// parenthesised digit, is refused, because whatever is checked must be what is stored.
// Only the marks that the form splits off its letters are accepted there.
//
// Case is kept. Whether look-ups ignore it is a matter of the identity attribute; they
// use [Rules.Normalize], which refuses nothing.
//
// Settings: USERNAME_MIN_LENGTH, USERNAME_MAX_LENGTH, USERNAME_NORMALIZE_FORM.
package usernames
