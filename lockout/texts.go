package lockout

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	return map[string]doorward.Text{
		"TOO_MANY_TRIES":               {Category: "error", Text: "There were too many wrong tries. Please wait %(n)d minute before the next one.", Plural: "There were too many wrong tries. Please wait %(n)d minutes before the next one."},
		"UNLOCK_REQUESTED":             {Category: "info", Text: "If there is such an account and it is locked, a link to unlock it is on its way to your mailbox."},
		"UNLOCK_IDENTITY_NOT_PROVIDED": {Category: "error", Text: "Please enter the email address of your account."},
		"UNLOCK_LINK_DEAD":             {Category: "error", Text: "This link has been used, is too old, or is not complete. You can ask for another one."},
		"ACCOUNT_UNLOCKED":             {Category: "success", Text: "The account is unlocked. You can sign in now."},

		"unlock_title":          {Text: "Unlock your account"},
		"unlock_question":       {Text: "Somebody entered wrong passwords for your account, so it was locked. If you unlock it, you can sign in from this browser, even if it is locked again."},
		"unlock_button":         {Text: "Unlock"},
		"unlock_request_title":  {Text: "Is your account locked?"},
		"unlock_request_intro":  {Text: "After too many wrong passwords an account is locked for a time. We can send its owner a link that unlocks it now."},
		"unlock_request_button": {Text: "Send the link"},

		"EMAIL_SUBJECT_UNLOCK":   {Text: "Your account was locked"},
		"account_locked_intro":   {Text: "Somebody entered wrong passwords for your account too often, so it is locked for a time. Browsers in which you signed in before still work."},
		"account_locked_link":    {Text: "If you want to sign in from a new browser now, open this link in it:"},
		"account_locked_button":  {Text: "Unlock the account"},
		"account_locked_nothing": {Text: "If it was not you who tried, there is nothing you have to do: nobody got in."},
	}
}
