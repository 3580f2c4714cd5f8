package doorward

import (
	"fmt"
	"strings"
)

func (e *engine) addTexts(feature string, texts map[string]Text) error {
	for key, t := range texts {
		if own, ok := e.cfg.Pages.Messages[key]; ok {
			if own.Category == "" {
				own.Category = t.Category
			}
			t = own
		}
		if have, ok := e.texts[key]; ok && e.textOwner[key] != feature {
			if have == t {
				continue
			}
			return &ConfigError{feature, fmt.Sprintf("text %s is %s's already, with other words", key, e.textOwner[key]), ""}
		}
		e.texts[key], e.textOwner[key] = t, feature
	}
	return nil
}

// text returns the words of m.
func (e *engine) text(m Message) string {
	t, ok := e.texts[m.Key]
	if !ok {
		if m.Text != "" {
			return m.Text
		}
		return m.Key
	}
	if len(m.Args) == 0 || !strings.Contains(t.Text, "%(") {
		return t.Text
	}
	var pairs []string
	for k, v := range m.Args {
		val := fmt.Sprint(v)
		pairs = append(pairs, "%("+k+")s", val, "%("+k+")d", val)
	}
	return strings.NewReplacer(pairs...).Replace(t.Text)
}

func (e *engine) category(m Message) string {
	if c := e.texts[m.Key].Category; c != "" {
		return c
	}
	return "info"
}

// engineTexts are the words the engine itself says, and labels that several
// pages share.
func engineTexts() map[string]Text {
	const bad, note, good = "error", "info", "success"
	return map[string]Text{
		"API_ERROR":                       {bad, "This could not be read. Check what was sent."},
		"GENERIC_AUTHN_FAILED":            {bad, "These details do not let you in. Check them and try again."},
		"UNAUTHORIZED":                    {bad, "You are not allowed to see this page."},
		"UNAUTHENTICATED":                 {bad, "Please sign in to see this page."},
		"REAUTHENTICATION_REQUIRED":       {bad, "Please confirm that it is you before going on."},
		"REAUTHENTICATION_SUCCESSFUL":     {note, "Thank you, you can go on."},
		"ANONYMOUS_USER_REQUIRED":         {bad, "This is only possible while you are signed out."},
		"INVALID_REDIRECT":                {bad, "The page to return to is not on this site."},
		"DISABLED_ACCOUNT":                {bad, "This account is switched off."},
		"TWO_FACTOR_PERMISSION_DENIED":    {bad, "There is no sign-in here waiting for a second step."},
		"TWO_FACTOR_METHOD_NOT_AVAILABLE": {bad, "This method is not available."},
		"CSRF_TOKEN_MISSING":              {bad, "The form was sent without its security token. Please send it again."},
		"CSRF_SESSION_MISSING":            {bad, "Your browser did not send its cookie back. Allow cookies and try again."},
		"CSRF_TOKEN_INVALID":              {bad, "The form does not belong to this session. Please send it again."},
		"CSRF_TOKEN_EXPIRED":              {bad, "The form was open for too long. Please send it again."},
		"CSRF_CROSS_ORIGIN":               {bad, "The request came from another site and was refused."},
		"MIXED_CREDENTIALS":               {bad, "The request carries credentials of two different users."},
		"METHOD_NOT_ALLOWED":              {bad, "This address does not answer that kind of request."},
		"NOT_FOUND":                       {bad, "There is nothing at this address."},
		"UNAVAILABLE":                     {bad, "We cannot answer right now. Please try again in a moment."},
		"INTERNAL_ERROR":                  {bad, "Something went wrong on our side. It has been noted."},
		"RECORDED":                        {good, "Saved."},

		"email":           {"", "Email address"},
		"username":        {"", "Username"},
		"password":        {"", "Password"},
		"retype_password": {"", "Password again"},
		"remember_me":     {"", "Stay signed in on this device"},
		"login":           {"", "Sign in"},
		"logout":          {"", "Sign out"},
		"register":        {"", "Create account"},
		"submit":          {"", "Go on"},
		"error":           {"", "Error"},
		"home":            {"", "Home"},
		"skip":            {"", "Skip to content"},
		"form_marked":     {"", "Something is missing or not right. Please see the marked fields."},
		"error_title":     {"", "This did not work"},
		"error_400_title": {"", "We could not use that request"},
		"error_400_hint":  {"", "Go back, load the page again and send the form once more."},
		"error_401_title": {"", "Please sign in"},
		"error_401_hint":  {"", "This page is for people who are signed in."},
		"error_403_title": {"", "This page is not open to you"},
		"error_403_hint":  {"", "You may need another account, or someone who looks after this site can let you in."},
		"error_404_title": {"", "This page does not exist"},
		"error_404_hint":  {"", "The address may be mistyped, or the link is old or was used before."},
		"error_405_title": {"", "That does not work here"},
		"error_405_hint":  {"", "Please begin again from the first page."},
		"error_429_title": {"", "Please take a short break"},
		"error_429_hint":  {"", "This protects accounts from guessing. Nothing is lost: wait a few minutes and try again."},
		"error_500_title": {"", "That was our fault"},
		"error_500_hint":  {"", "You did nothing wrong. Try again, and tell us if it keeps happening."},
		"error_503_title": {"", "We are busy right now"},
		"error_503_hint":  {"", "This should pass quickly. Try again in a moment."},
		"try_again":       {"", "Try again"},
		"profile":         {"", "Your account"},
		"sessions":        {"", "Sessions"},
		"tf_select_title": {"", "Second step"},
		"tf_select_which": {"", "How do you want to confirm that it is you?"},
		"navigation":      {"", "Main menu"},
		"messages":        {"", "Messages"},
		"back":            {"", "Back"},
		"optional":        {"", "optional"},
	}
}
