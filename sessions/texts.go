package sessions

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	return map[string]doorward.Text{
		"SESSION_NOT_FOUND": {Category: "error", Text: "You have no such session. It may be over already."},
		"SESSION_ENDED":     {Category: "success", Text: "The session has been ended."},
		"SESSIONS_ENDED":    {Category: "success", Text: "%(n)d other session has ended.", Plural: "%(n)d other sessions have ended."},

		"sessions_title":     {Text: "Where you are signed in"},
		"sessions_intro":     {Text: "End what you do not recognise, and change your password then."},
		"sessions_none":      {Text: "There are no sessions."},
		"session_current":    {Text: "this browser"},
		"session_unknown":    {Text: "Unknown browser"},
		"session_device":     {Text: "Device"},
		"session_address":    {Text: "Address"},
		"session_created":    {Text: "Signed in"},
		"session_last_seen":  {Text: "Last used"},
		"session_via":        {Text: "By"},
		"session_end":        {Text: "End session"},
		"session_sign_out":   {Text: "Sign out here"},
		"session_end_others": {Text: "End all other sessions"},
	}
}
