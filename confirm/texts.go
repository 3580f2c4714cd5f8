package confirm

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad = "error"
	return map[string]doorward.Text{
		"EMAIL_CONFIRMED":            {Category: "success", Text: "Thank you. Your email address is confirmed."},
		"ALREADY_CONFIRMED":          {Category: "info", Text: "This email address is confirmed already."},
		"INVALID_CONFIRMATION_TOKEN": {Category: bad, Text: "This link does not work. Perhaps it is not complete. You can ask for another one."},
		"CONFIRMATION_EXPIRED":       {Category: bad, Text: "This link is older than %(within)s and does not work any more. You can ask for another one."},
		"CONFIRMATION_REQUIRED":      {Category: bad, Text: "Please confirm your email address first. We have sent you a link for it."},
		"CONFIRMATION_REQUEST":       {Category: "info", Text: "A link to confirm the address %(email)s is on its way to that mailbox."},

		"send_confirmation":       {Text: "Send the link again"},
		"send_confirmation_title": {Text: "Confirm your email address"},
		"send_confirmation_intro": {Text: "Enter the address of your account, and we will send you another link."},
		"confirm_title":           {Text: "Confirm your email address"},
		"confirm_question":        {Text: "Press the button to confirm that this email address is yours. Do this only if you created the account."},
		"confirm_button":          {Text: "Confirm the address"},

		"EMAIL_SUBJECT_CONFIRM": {Text: "Confirm your email address"},
		"confirm_mail_intro":    {Text: "Please confirm that this email address belongs to your account:"},
		"confirm_mail_not_you":  {Text: "If you did not create an account, do not open the link. The account then stays unconfirmed."},
	}
}
