package reset

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad, note, good = "error", "info", "success"
	return map[string]doorward.Text{
		"PASSWORD_RESET_REQUEST":       {Category: note, Text: "If there is an account for %(email)s, a link to choose a new password is on its way to that mailbox."},
		"PASSWORD_RESET_EXPIRED":       {Category: bad, Text: "This link is too old: it works for %(within)s. Please ask for another one."},
		"INVALID_RESET_PASSWORD_TOKEN": {Category: bad, Text: "This link does not work any more, or it is not complete. Please ask for another one."},
		"PASSWORD_RESET":               {Category: good, Text: "Your new password is set, and you are signed in. All other devices are signed out."},
		"PASSWORD_RESET_NO_LOGIN":      {Category: good, Text: "Your new password is set, and all devices are signed out. You can sign in with the new password now."},

		"recover_password":    {Text: "Send the link"},
		"reset_password":      {Text: "Set the password"},
		"reset_request_intro": {Text: "Enter the email address of your account, and we will send you a link to choose a new password."},
		"reset_title":         {Text: "Choose a new password"},
		"reset_intro":         {Text: "You will then be signed out on all devices, this one too."},
		"reset_intro_login":   {Text: "You will then be signed out on all other devices."},

		"EMAIL_SUBJECT_PASSWORD_RESET": {Text: "Choose a new password"},
		"reset_mail_intro":             {Text: "Somebody asked for a new password for your account. If it was you, open this link to choose one:"},
		"reset_mail_button":            {Text: "Choose a new password"},

		"EMAIL_SUBJECT_PASSWORD_NOTICE": {Text: "Your password was changed"},
		"reset_notice_intro":            {Text: "A new password was set for your account, by a link that we sent to this mailbox. All devices were signed out."},
		"reset_notice_not_you":          {Text: "If it was not you, somebody else can read your email. Change the password of your mailbox first, then ask for a new password here:"},
		"reset_notice_button":           {Text: "Ask for a new password"},
	}
}
