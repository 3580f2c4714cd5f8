package login

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad = "error"
	return map[string]doorward.Text{
		"EMAIL_NOT_PROVIDED":             {Category: bad, Text: "Please enter your email address."},
		"INVALID_EMAIL_ADDRESS":          {Category: bad, Text: "This is not a valid email address."},
		"PASSWORD_NOT_PROVIDED":          {Category: bad, Text: "Please enter a password."},
		"INVALID_PASSWORD":               {Category: bad, Text: "The password is not right."},
		"USER_DOES_NOT_EXIST":            {Category: bad, Text: "There is no such account."},
		"USERNAME_INVALID_LENGTH":        {Category: bad, Text: "A username has %(min)d to %(max)d characters."},
		"USERNAME_ILLEGAL_CHARACTERS":    {Category: bad, Text: "This username contains markup, control characters or outer spaces."},
		"USERNAME_DISALLOWED_CHARACTERS": {Category: bad, Text: "A username has letters and digits only."},

		"login_title":     {Text: "Sign in"},
		"login_either":    {Text: "Your username or your email address: one of them is enough."},
		"logout_title":    {Text: "Sign out"},
		"logout_question": {Text: "Do you want to sign out?"},
		"verify_title":    {Text: "Confirm that it is you"},
		"verify_intro":    {Text: "You are about to do something that matters. Please enter your password again."},
		"verify_password": {Text: "Confirm"},
		"no_account":      {Text: "No account yet?"},
		"FORGOT_PASSWORD": {Category: "info", Text: "Forgot your password?"},
	}
}
