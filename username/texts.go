package username

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	return map[string]doorward.Text{
		"USERNAME_CHANGE":           {Category: "success", Text: "Your username has been changed."},
		"USERNAME_RECOVERY_REQUEST": {Category: "info", Text: "If there is an account with this address, a mail with its username is on its way."},
		// Of package usernames, which has no texts.

		"change_username_title":    {Text: "Change your username"},
		"change_username_current":  {Text: "Your username is %(username)s."},
		"change_username_none":     {Text: "You have no username yet."},
		"change_username_rules":    {Text: "%(min)d to %(max)d letters and digits."},
		"change_username_optional": {Text: "If you leave the field empty, you have no username."},
		"change_username_new":      {Text: "New username"},
		"change_username_button":   {Text: "Save"},
		"recover_username":         {Text: "Forgot your username?"},
		"recover_username_intro":   {Text: "Enter the email address of your account. We send you a mail with your username."},
		"recover_username_button":  {Text: "Send the mail"},

		"EMAIL_SUBJECT_USERNAME_CHANGE_NOTICE": {Text: "Your username was changed"},
		"change_username_notice_new":           {Text: "Your username is now: %(username)s"},
		"change_username_notice_removed":       {Text: "Your username was removed. Sign in with your email address."},
		"change_username_notice_reset":         {Text: "If it was not you who did this, set a new password now:"},
		"change_username_notice_button":        {Text: "Set a new password"},
		"change_username_notice_help":          {Text: "If it was not you who did this, somebody else can use your account. Please tell those who look after this site."},

		"EMAIL_SUBJECT_USERNAME_RECOVERY": {Text: "Your username"},
		"username_recovery_is":            {Text: "Your username is: %(username)s"},
		"username_recovery_none":          {Text: "Your account has no username. Sign in with this email address."},
	}
}
