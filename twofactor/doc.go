// Package twofactor asks for a code after the first factor: one that an
// authenticator application shows, or that is sent by mail or text message.
//
// # Routes
//
//	/tf-setup          GET, POST  what is set up; POST begins to set up, or turns off (two_factor_setup)
//	/tf-setup/{token}  POST       the first code of a setup, of who is signed in (two_factor_setup_validate)
//	/tf-validate       GET, POST  the code (two_factor_token_validation)
//	/tf-rescue         GET, POST  ways out for who has no code (two_factor_rescue)
//
// # A half-finished sign-in
//
// After the first factor a sign-in waits for the second. How far it has come is
// not believed from the cookie: at every request it follows from what is stored
// of the account, so that an old cookie is worth no more than a new one. The
// states:
//
//	none        nothing waits
//	setup       a sign-in waits, and its user has nothing set up
//	validating  the same, and a method was chosen at /tf-setup
//	ready       a sign-in waits for a factor that is set up
//	select      the same, of several, and none was chosen
//	in          somebody is signed in
//	changing    the same, and chose a method at /tf-setup
//
// What each request makes of each state: a name is the state afterwards; "-" is
// the answer to a request that does not fit, TWO_FACTOR_PERMISSION_DENIED, which
// clears a sign-in that waits and signs nobody out; with 401 (sign in first) and
// 400 (another error) the state stays as it is. The users of the columns setup,
// validating and select have to have a second factor, none and several; all
// others have one.
//
//	request                    none   setup       validating  ready  select  in        changing
//	GET /login                 none   none        none        none   none    in        changing
//	POST /login                ready  setup       setup       ready  select  400       400
//	POST /logout               none   none        none        none   none    none      none
//	GET /tf-select             -      -           -           -      select  -         -
//	POST /tf-select            -      -           -           -      ready   -         -
//	GET /tf-setup              -      setup       validating  -      -       in        changing
//	POST /tf-setup             -      validating  validating  -      -       changing  changing
//	POST /tf-setup/{token}     401    401         401         401    401     400       in
//	GET /tf-validate           -      -           validating  ready  -       -         changing
//	POST /tf-validate          -      -           in          in     -       -         in
//	POST /tf-validate wrong    -      -           validating  ready  -       -         changing
//	GET /tf-rescue             -      -           -           ready  -       -         -
//	POST /tf-rescue            -      -           -           ready  -       -         -
//	GET /mf-recovery           -      -           -           ready  -       400       400
//	POST /mf-recovery          -      -           -           in     -       400       400
//	POST /mf-recovery wrong    -      -           -           ready  -       400       400
//	GET /mf-recovery-codes     401    401         401         401    401     in        changing
//	POST /mf-recovery-codes    401    401         401         401    401     in        changing
//
// A sign-in waits for TWO_FACTOR_PENDING and has TWO_FACTOR_TRIES wrong codes; it
// is completed once. An account that is switched off meanwhile gets the answer of
// one that nothing waits for, and nothing is sent for it.
//
// # Setting up
//
// Nothing is stored before the first code was right, a telephone number neither.
// What was chosen goes with the visitor in a token: the method, the number and
// the secret, which is sealed. It is signed, bound to the user and the sign-in that
// asked for it, lives for TWO_FACTOR_SETUP_WITHIN and stores a factor once. Who is
// signed in gets it as tf_state_token, for /tf-setup/{token}, so that clients
// without cookies can set up, too, and in his cookie, for /tf-validate; during a
// sign-in it is in the cookie alone. A new choice makes a new secret. The first
// factor of a sign-in is stored only if there is none still, as seen under the lock.
//
// The key of an authenticator is in the answer to a POST with a CSRF token only.
// After a wrong code a page shows the same picture again. A code that could not be
// sent is a message on the field setup, with status 500 in JSON, and leaves what
// there was. Who need not have a second factor can turn it off with
// setup=disable. Both are told to the user by mail. Setting up asks for a sign-in
// as recent as FRESHNESS says.
//
// # Who is asked
//
// Whoever has set up a factor; everybody with TWO_FACTOR_REQUIRED, or who has one
// of TWO_FACTOR_REQUIRED_ROLES. [Config].Decide has the last word. A method that
// was taken out of TWO_FACTOR_ENABLED_METHODS is not offered any more, and asked
// for where it is set up. With TWO_FACTOR_ALWAYS_VALIDATE off, a browser whose
// user ticked "remember me" is not asked again for TWO_FACTOR_LOGIN_VALIDITY.
//
// # Codes
//
// A code is accepted once, by one of any number of parallel requests, and none of
// an earlier step after it; see package codes, which also says for how many tries a
// code that was sent lives, and how often one is sent. Wrong ones count for the
// account and the address as passwords do, whatever they were for, and fire
// AuthnFailed with kind "code". Spaces and dashes in a code do not matter.
//
// # Rescue
//
// At /tf-rescue, help_setup is one of: email, a code of the user's secret by mail
// (unless TWO_FACTOR_RESCUE_EMAIL is off), which makes a second factor as safe as
// the mailbox; recovery_code, which leads to the feature that has these, if the
// user has any left; help, a mail to TWO_FACTOR_RESCUE_MAIL, as often as an account
// may cause mails; and resend, which is in pages only.
// Operators take a factor away with [Feature.Reset].
//
// # Where this differs from the original
//
// A code that could not be sent at sign-in leads a browser to /tf-validate, where
// the other ways are, or to /tf-select, and not back to the password. A wrong code
// of a setup shows the page again. Being in the wrong place signs nobody out. Half
// signed in one gets an empty user. recovery_options has what can be had. Numbers
// are stored in E.164.
//
// # Settings
//
// Those of [Config]; of the engine TWO_FACTOR_ALWAYS_VALIDATE,
// TWO_FACTOR_LOGIN_VALIDITY, TWO_FACTOR_VALIDITY_COOKIE_NAME, TWO_FACTOR_SELECT_URL,
// TWO_FACTOR_PENDING, TWO_FACTOR_TRIES and TWO_FACTOR_ERROR_VIEW; of package codes
// TOTP_SECRETS, TOTP_ISSUER, CODE_TRIES, CODE_SEND_TIMEOUT and
// SEND_FACTOR_CHANGE_EMAIL.
//
// # Pages and mails
//
// security/two_factor_setup.html has .Page.Choices, .PrimaryMethod and .Required, or
// after a choice .ChosenMethod, .Action, .StateToken, .Phone, .Within and, for an
// authenticator, .Authr (Key, URI, QR, Username, Issuer) and .AuthrURI; always
// .Changing (somebody is signed in), .Email and .SMS. security/two_factor_verify_code.html
// has .ChosenMethod, .Within, .Options and .Problem, the option that was taken. Mails:
// two_factor_instructions with token, username and within; two_factor_rescue with
// username and email.
//
// # Messages
//
// TWO_FACTOR_INVALID_TOKEN and code_required on the field code;
// TWO_FACTOR_METHOD_NOT_AVAILABLE and FAILED_TO_SEND_CODE on setup and help_setup;
// PHONE_INVALID on phone; TWO_FACTOR_SETUP_EXPIRED and API_ERROR for a setup that is
// too old or another's; TWO_FACTOR_PERMISSION_DENIED, TWO_FACTOR_DISABLED,
// TWO_FACTOR_LOGIN_SUCCESSFUL, TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL,
// CODE_HAS_BEEN_SENT, TWO_FACTOR_HELP_REQUESTED.
//
// # Events
//
// [CodeSent], [CodeConfirmed], [ProfileChanged] and [Disabled], through
// [Feature.Hooks], and the engine's AuthnFailed and Authenticated.
package twofactor
