package register

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad = "error"
	return map[string]doorward.Text{
		"FIELD_NOT_PROVIDED":    {Category: bad, Text: "Please fill in this field."},
		"REGISTERED":            {Category: "success", Text: "Your account has been created."},
		"REGISTRATION_RECEIVED": {Category: "success", Text: "Thank you. If everything you gave was free, your account is ready and you can sign in."},

		"register_title": {Text: "Create an account"},
		"have_account":   {Text: "Do you have an account?"},
	}
}
