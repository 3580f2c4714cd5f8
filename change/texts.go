package change

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	return map[string]doorward.Text{
		"PASSWORD_IS_THE_SAME": {Category: "error", Text: "The new password is the old one. Please choose another."},
		"PASSWORD_CHANGE":      {Category: "success", Text: "Your password has been changed. Everywhere else you are signed out."},

		"change_password":       {Text: "Change password"},
		"change_password_title": {Text: "Change your password"},
		"change_password_intro": {Text: "You stay signed in here. On all other devices you will be signed out."},
		"set_password_intro":    {Text: "Your account has no password yet. If you choose one, you can sign in with it. On all other devices you will be signed out."},
		"current_password":      {Text: "Current password"},
		"new_password":          {Text: "New password"},

		"EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": {Text: "Your password was changed"},
		"change_notice_intro":                  {Text: "The password of your account was changed. Everywhere else your account was signed out."},
		"change_notice_yours":                  {Text: "If you did this, everything is in order."},
		"change_notice_react":                  {Text: "If it was not you, somebody else has got into your account. Take it back now, by choosing a new password:"},
		"change_notice_button":                 {Text: "Choose a new password"},
		"change_notice_contact":                {Text: "If it was not you, somebody else has got into your account. Please tell whoever looks after this site at once."},
	}
}
