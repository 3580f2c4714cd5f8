package register

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad = "error"
	return map[string]doorward.Text{
		"FIELD_NOT_PROVIDED":    {Category: bad, Text: "Please fill in this field."},
		"REGISTERED":            {Category: "success", Text: "Your account has been created."},
		"REGISTRATION_RECEIVED": {Category: "success", Text: "Thank you. If everything you gave was free, your account is ready and you can sign in."},

		"CONFIRM_REGISTRATION": {Category: "success", Text: "Thank you. Please open the link that we have sent to %(email)s, to confirm your address."},

		"EMAIL_SUBJECT_REGISTER":   {Text: "Your registration"},
		"welcome_intro":            {Text: "Your account has been created."},
		"welcome_sign_in":          {Text: "You can sign in at any time:"},
		"welcome_confirm":          {Text: "Please confirm that this email address is yours:"},
		"welcome_confirm_button":   {Text: "Confirm the address"},
		"welcome_link":             {Text: "The link works once, and only for a limited time."},
		"welcome_not_you":          {Text: "If you did not create an account, do not open the link."},
		"welcome_existing_intro":   {Text: "Somebody wanted to create an account with this email address. Perhaps it was you. There is an account with this address already, so nothing has changed."},
		"welcome_existing_confirm": {Text: "The address is not confirmed yet. If it was you who created the account, please confirm it:"},
		"welcome_reset":            {Text: "If you do not know its password, you can choose a new one:"},
		"welcome_reset_button":     {Text: "Choose a new password"},
		"welcome_existing_end":     {Text: "If it was not you, you need not do anything. Nobody got access to your account."},
		"welcome_username_intro":   {Text: "Somebody wanted to create an account with this email address. Perhaps it was you. Another account has the username already, so no account was created."},
		"welcome_username_again":   {Text: "You can choose another username and try again:"},
		"welcome_username_button":  {Text: "Create an account"},

		"register_title":       {Text: "Create an account"},
		"register_no_password": {Text: "Without a password you sign in with codes that we send to your email address."},
		"have_account":         {Text: "Do you have an account?"},
	}
}
