package passwordless

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad, good = "error", "success"
	return map[string]doorward.Text{
		"LOGIN_EMAIL_SENT":    {Category: good, Text: "If there is an account with the address %(email)s, a link to sign in is on its way."},
		"LOGIN_EXPIRED":       {Category: bad, Text: "The link is older than %(within)s and does not work any more. A new one is on its way to %(email)s."},
		"INVALID_LOGIN_TOKEN": {Category: bad, Text: "This link has been used, is too old, or is not complete. You can ask for another one."},

		"send_login_title":   {Text: "Sign in"},
		"send_login_intro":   {Text: "Enter your email address. We send you a link that signs you in, without a password."},
		"send_login_link":    {Text: "Send the link"},
		"token_login_title":  {Text: "Sign in"},
		"token_login_as":     {Text: "You will be signed in as %(email)s."},
		"token_login_old":    {Text: "The link is older than %(within)s and does not work any more. We can send a new one to %(email)s."},
		"token_login_old_go": {Text: "Send a new link"},

		"EMAIL_SUBJECT_PASSWORDLESS": {Text: "Your link to sign in"},
		"login_instructions_intro":   {Text: "Open this link in the browser in which you want to sign in:"},
		"login_instructions_button":  {Text: "Sign in"},
		"login_instructions_secret":  {Text: "Whoever has the link can sign in to your account. Do not pass this mail on."},
	}
}
