package changeemail

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	return map[string]doorward.Text{
		"CHANGE_EMAIL_SENT":      {Category: "success", Text: "A link is on its way to %(email)s. Your address changes when you open it."},
		"CHANGE_EMAIL_EXPIRED":   {Category: "error", Text: "This link is older than %(within)s and does not work any more. You can ask for another one."},
		"CHANGE_EMAIL_CONFIRMED": {Category: "success", Text: "Your email address has been changed. On your other devices, please sign in again."},

		"change_email_title":    {Text: "Change your email address"},
		"change_email_current":  {Text: "Your address is %(email)s."},
		"change_email_intro":    {Text: "We will send a link to the new address. Until you open it, nothing changes."},
		"change_email_new":      {Text: "New email address"},
		"change_email_send":     {Text: "Send the link"},
		"change_email_question": {Text: "Press the button to make %(email)s the address of your account. Do this only if you asked for it."},
		"change_email_button":   {Text: "Use this address"},

		"CHANGE_EMAIL_SUBJECT":      {Text: "Confirm your new email address"},
		"change_email_mail_intro":   {Text: "Somebody wants to use this email address for an account. If it was you, please confirm it:"},
		"change_email_mail_not_you": {Text: "If it was not you, do not open the link. Then nothing changes."},

		"CHANGE_EMAIL_NOTICE_SUBJECT": {Text: "Your email address was changed"},
		"change_email_notice_intro":   {Text: "Your account has another email address now. All mails about it go there, and none will come here any more."},
		"change_email_notice_yours":   {Text: "If you did this, everything is in order."},
		"change_email_notice_react":   {Text: "If it was not you, somebody else has got into your account. Please tell whoever looks after this site at once."},
	}
}
