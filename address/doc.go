// Package address gives e-mail addresses one normal form and says which are addresses
// at all.
//
//	email, err := address.Normalize("Joe@EXAMPLE.com") // Joe@example.com
//
// An address is local part, "@" and domain; nothing around it is cut off, and there is
// no display name, comment, quoted local part or IP literal. Of the local part the form
// is Unicode NFC with its case kept, except for the role mailboxes of RFC 2142, which
// become lower case. The domain becomes lower-case Unicode by UTS 46 (IDNA), so that
// the A-label and the U-label of one domain are one address. It must contain a dot and
// end in a letter. The whole is at most 254 octets with the domain in its ASCII form
// (RFC 5321 section 4.5.3.1.3), and at most 254 in UTF-8.
//
// The rules are tested on what comes out, not on what came in: a character whose
// compatibility form is one that an address gives a meaning to (a fullwidth "@", a
// one-character ellipsis) is refused wherever it stands. Control characters, spaces,
// line breaks and text that is not UTF-8 are refused too, so that a result can be
// put in the header of a mail.
//
// The top-level domains arpa, invalid, local, localhost, onion and test belong to nobody
// (RFC 6761 and its registry) and are refused unless [Options].AllowLocal is set for
// development.
//
// [Options.Validate] asks the DNS besides whether the domain can receive mail. It is for
// a new address; a sign-in only normalises. A domain that says it takes no mail (RFC
// 7505), or that does not exist, is [ErrUndeliverable]; a resolver that fails or takes
// too long proves nothing and the address passes.
//
// Errors never repeat the address.
//
// Settings: EMAIL_ALLOW_LOCAL, EMAIL_DNS_TIMEOUT.
package address
