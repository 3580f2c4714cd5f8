package login

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	return map[string]doorward.Text{
		"login_title":     {Text: "Sign in"},
		"login_either":    {Text: "Your username or your email address: one of them is enough."},
		"logout_title":    {Text: "Sign out"},
		"logout_question": {Text: "Do you want to sign out?"},
		"verify_title":    {Text: "Confirm that it is you"},
		"verify_intro":    {Text: "You are about to do something that matters. Please enter your password again."},
		"verify_password": {Text: "Confirm"},
		"no_account":      {Text: "No account yet?"},
	}
}
