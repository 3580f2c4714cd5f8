package recoverycodes

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	const bad, note = "error", "info"
	return map[string]doorward.Text{
		"INVALID_RECOVERY_CODE":    {Category: bad, Text: "This is not one of your recovery codes, or it was used before."},
		"NO_RECOVERY_CODES_SETUP":  {Category: note, Text: "You have no recovery codes yet."},
		"RECOVERY_CODES_LEFT":      {Category: note, Text: "You have %(n)d recovery code left.", Plural: "You have %(n)d recovery codes left."},
		"RECOVERY_CODES_ONE_LEFT":  {Category: bad, Text: "You have one recovery code left. Please make new ones now."},
		"RECOVERY_CODES_NONE_LEFT": {Category: bad, Text: "That was your last recovery code. Please make new ones now."},

		"recovery_codes_title":      {Text: "Recovery codes"},
		"recovery_codes_intro":      {Text: "With a recovery code you can sign in when you cannot give your second step, for example because you lost your phone. Each code works once."},
		"recovery_codes_new":        {Text: "These are your new recovery codes. The older ones do not work any more."},
		"recovery_codes_keep":       {Text: "Print them or copy them, and keep them in a safe place: not on the device that you sign in with."},
		"recovery_codes_list":       {Text: "Your recovery codes"},
		"recovery_codes_none":       {Text: "You have no recovery codes."},
		"recovery_codes_show":       {Text: "Show the codes"},
		"recovery_codes_make":       {Text: "Make recovery codes"},
		"recovery_codes_make_again": {Text: "Make new codes"},
		"recovery_codes_replace":    {Text: "New codes take the place of the ones that you have."},

		"recovery_title":  {Text: "Use a recovery code"},
		"recovery_intro":  {Text: "Enter one of the recovery codes that you keep in a safe place. It cannot be used again."},
		"recovery_hint":   {Text: "It looks like %(example)s."},
		"recovery_submit": {Text: "Sign in with the code"},
		"recovery_other":  {Text: "Use another way"},
	}
}
