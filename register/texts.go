package register

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad = "error"
	return map[string]doorward.Text{
		"EMAIL_NOT_PROVIDED":             {Category: bad, Text: "Please enter your email address."},
		"INVALID_EMAIL_ADDRESS":          {Category: bad, Text: "This is not a valid email address."},
		"EMAIL_ALREADY_ASSOCIATED":       {Category: bad, Text: "There is an account with the address %(email)s already."},
		"PASSWORD_NOT_PROVIDED":          {Category: bad, Text: "Please enter a password."},
		"RETYPE_PASSWORD_MISMATCH":       {Category: bad, Text: "The two passwords are not the same."},
		"PASSWORD_INVALID_LENGTH":        {Category: bad, Text: "A password has %(length)s to %(max)s characters."},
		"PASSWORD_TOO_LONG":              {Category: bad, Text: "This password is too long."},
		"PASSWORD_TOO_SIMPLE":            {Category: bad, Text: "This password is easy to guess. A few uncommon words make a better one."},
		"PASSWORD_BREACHED":              {Category: bad, Text: "This password is in a list of leaked passwords. Please choose another."},
		"PASSWORD_BREACHED_SITE_ERROR":   {Category: bad, Text: "The password could not be looked up among leaked ones. Please try again later."},
		"USERNAME_NOT_PROVIDED":          {Category: bad, Text: "Please enter a username."},
		"USERNAME_ALREADY_ASSOCIATED":    {Category: bad, Text: "The username %(username)s is taken."},
		"USERNAME_INVALID_LENGTH":        {Category: bad, Text: "A username has %(min)d to %(max)d characters."},
		"USERNAME_ILLEGAL_CHARACTERS":    {Category: bad, Text: "This username contains markup, control characters or outer spaces."},
		"USERNAME_DISALLOWED_CHARACTERS": {Category: bad, Text: "A username has letters and digits only."},
		"IDENTITY_ALREADY_ASSOCIATED":    {Category: bad, Text: "Another account has this %(attr)s already."},
		"FIELD_NOT_PROVIDED":             {Category: bad, Text: "Please fill in this field."},
		"REGISTERED":                     {Category: "success", Text: "Your account has been created."},
		"REGISTRATION_RECEIVED":          {Category: "success", Text: "Thank you. If everything you gave was free, your account is ready and you can sign in."},

		"register_title":       {Text: "Create an account"},
		"password_length_hint": {Text: "At least %(length)s characters."},
		"password_hint":        {Text: "A few uncommon words make a good password. Passwords that many people use or that have leaked are refused."},
		"have_account":         {Text: "Do you have an account?"},
	}
}
