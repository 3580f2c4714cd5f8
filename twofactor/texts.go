package twofactor

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad, note, good = "error", "info", "success"
	return map[string]doorward.Text{
		"TWO_FACTOR_INVALID_TOKEN":            {Category: bad, Text: "This code is not right, or it has been used."},
		"TWO_FACTOR_LOGIN_SUCCESSFUL":         {Category: good, Text: "You are signed in."},
		"TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": {Category: good, Text: "The second step is set up."},
		"TWO_FACTOR_DISABLED":                 {Category: good, Text: "You sign in without a second step from now on."},
		"TWO_FACTOR_SETUP_EXPIRED":            {Category: bad, Text: "Setting up a second step has to be finished within %(within)s. Please begin again."},
		"TWO_FACTOR_HELP_REQUESTED":           {Category: note, Text: "We have passed your request on. Somebody will get in touch with you."},

		"tf_setup_title":    {Text: "Second step at sign-in"},
		"tf_setup_intro":    {Text: "After your password you are asked for a code. Whoever steals your password cannot sign in with it alone."},
		"tf_setup_needed":   {Text: "Your account needs a second step. Choose one, and then you are signed in."},
		"tf_setup_now":      {Text: "Set up now: %(method)s"},
		"tf_setup_none":     {Text: "Nothing is set up yet."},
		"tf_setup_which":    {Text: "How do you want to get the codes?"},
		"tf_setup_go_on":    {Text: "Go on"},
		"tf_setup_phone":    {Text: "Phone number for text messages"},
		"tf_setup_other":    {Text: "Choose something else"},
		"tf_recovery_codes": {Text: "Recovery codes"},
		"tf_setup_sent":     {Text: "We have sent a code to %(to)s. Enter it here. It works once, within %(within)s."},
		"tf_setup_enter":    {Text: "Then enter the code that the app shows."},
		"tf_setup_scanned":  {Text: "Enter the code that your authenticator app shows."},
		"tf_setup_again":    {Text: "To see the picture again, begin again."},
		"tf_disable":        {Text: "No second step"},
		"tf_email_hint":     {Text: "Codes go to %(email)s."},
		"tf_authr_hint":     {Text: "An app on your phone shows the codes. It needs no network."},
		"tf_verify_title":   {Text: "Enter your code"},
		"tf_verify_email":   {Text: "You get a code by email. It works once, within %(within)s."},
		"tf_verify_sms":     {Text: "You get a code by text message. It works once, within %(within)s."},
		"tf_verify_app":     {Text: "Your authenticator app shows the code."},
		"tf_verify_other":   {Text: "The account has another second step than a code."},
		"tf_rescue_title":   {Text: "No code?"},
		"tf_rescue_which":   {Text: "What do you want to do?"},
		"tf_rescue_button":  {Text: "Go on"},
		"tf_resend":         {Text: "Send a code again"},
		"tf_rescue_email":   {Text: "Get a code by email"},
		"tf_rescue_code":    {Text: "Use a recovery code"},
		"tf_rescue_help":    {Text: "Ask for help"},
		"tf_rescue_waiting": {Text: "Enter the code that we have sent you by email. It works once, within %(within)s."},

		"EMAIL_SUBJECT_TWO_FACTOR":        {Text: "Your code"},
		"EMAIL_SUBJECT_TWO_FACTOR_RESCUE": {Text: "Somebody cannot sign in"},
		"two_factor_instructions_intro":   {Text: "Enter this code to go on:"},
		"two_factor_instructions_not_you": {Text: "If you did not ask for it, somebody else may know your password. Choose a new one."},
		"two_factor_rescue_intro":         {Text: "Somebody who knows the password of the account %(name)s cannot give the second step and asks for help."},
		"two_factor_rescue_address":       {Text: "The address of the account: %(email)s"},
		"two_factor_rescue_check":         {Text: "Before you help, make sure that it is the owner, by another way than an answer to a mail. A stolen password is enough to ask."},
	}
}
