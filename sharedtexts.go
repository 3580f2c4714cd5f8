package doorward

import "maps"

// engineTexts are the words the engine itself says, and labels that several
// pages share.
func engineTexts() map[string]Text {
	const bad, note, good = "error", "info", "success"
	out := map[string]Text{
		"API_ERROR":                       {Category: bad, Text: "This could not be read. Check what was sent."},
		"GENERIC_AUTHN_FAILED":            {Category: bad, Text: "These details do not let you in. Check them and try again."},
		"UNAUTHORIZED":                    {Category: bad, Text: "You are not allowed to see this page."},
		"UNAUTHENTICATED":                 {Category: bad, Text: "Please sign in to see this page."},
		"REAUTHENTICATION_REQUIRED":       {Category: bad, Text: "Please confirm that it is you before going on."},
		"REAUTHENTICATION_SUCCESSFUL":     {Category: note, Text: "Thank you, you can go on."},
		"ANONYMOUS_USER_REQUIRED":         {Category: bad, Text: "This is only possible while you are signed out."},
		"INVALID_REDIRECT":                {Category: bad, Text: "The page to return to is not on this site."},
		"DISABLED_ACCOUNT":                {Category: bad, Text: "This account is switched off."},
		"TWO_FACTOR_PERMISSION_DENIED":    {Category: bad, Text: "There is no sign-in here waiting for a second step."},
		"TWO_FACTOR_METHOD_NOT_AVAILABLE": {Category: bad, Text: "This method is not available."},
		"CSRF_TOKEN_MISSING":              {Category: bad, Text: "The form was sent without its security token. Please send it again."},
		"CSRF_SESSION_MISSING":            {Category: bad, Text: "Your browser did not send its cookie back. Allow cookies and try again."},
		"CSRF_TOKEN_INVALID":              {Category: bad, Text: "The form does not belong to this session. Please send it again."},
		"CSRF_TOKEN_EXPIRED":              {Category: bad, Text: "The form was open for too long. Please send it again."},
		"CSRF_CROSS_ORIGIN":               {Category: bad, Text: "The request came from another site and was refused."},
		"MIXED_CREDENTIALS":               {Category: bad, Text: "The request carries credentials of two different users."},
		"METHOD_NOT_ALLOWED":              {Category: bad, Text: "This address does not answer that kind of request."},
		"NOT_FOUND":                       {Category: bad, Text: "There is nothing at this address."},
		"UNAVAILABLE":                     {Category: bad, Text: "We cannot answer right now. Please try again in a moment."},
		"INTERNAL_ERROR":                  {Category: bad, Text: "Something went wrong on our side. It has been noted."},
		"RECORDED":                        {Category: good, Text: "Saved."},

		"email":           {Text: "Email address"},
		"username":        {Text: "Username"},
		"password":        {Text: "Password"},
		"retype_password": {Text: "Password again"},
		"remember_me":     {Text: "Stay signed in on this device"},
		"login":           {Text: "Sign in"},
		"logout":          {Text: "Sign out"},
		"register":        {Text: "Create account"},
		"submit":          {Text: "Go on"},
		"error":           {Text: "Error"},
		"home":            {Text: "Home"},
		"skip":            {Text: "Skip to content"},
		"form_marked":     {Text: "Something is missing or not right. Please see the marked fields."},
		"error_title":     {Text: "This did not work"},
		"error_400_title": {Text: "We could not use that request"},
		"error_400_hint":  {Text: "Go back, load the page again and send the form once more."},
		"error_401_title": {Text: "Please sign in"},
		"error_401_hint":  {Text: "This page is for people who are signed in."},
		"error_403_title": {Text: "This page is not open to you"},
		"error_403_hint":  {Text: "You may need another account, or someone who looks after this site can let you in."},
		"error_404_title": {Text: "This page does not exist"},
		"error_404_hint":  {Text: "The address may be mistyped, or the link is old or was used before."},
		"error_405_title": {Text: "That does not work here"},
		"error_405_hint":  {Text: "Please begin again from the first page."},
		"error_429_title": {Text: "Please take a short break"},
		"error_429_hint":  {Text: "This protects accounts from guessing. Nothing is lost: wait a few minutes and try again."},
		"error_500_title": {Text: "That was our fault"},
		"error_500_hint":  {Text: "You did nothing wrong. Try again, and tell us if it keeps happening."},
		"error_503_title": {Text: "We are busy right now"},
		"error_503_hint":  {Text: "This should pass quickly. Try again in a moment."},
		"try_again":       {Text: "Try again"},
		"profile":         {Text: "Your account"},
		"sessions":        {Text: "Sessions"},
		"tf_select_title": {Text: "Second step"},
		"tf_select_which": {Text: "How do you want to confirm that it is you?"},
		"navigation":      {Text: "Main menu"},
		"messages":        {Text: "Messages"},
		"back":            {Text: "Back"},
		"optional":        {Text: "optional"},
	}
	maps.Copy(out, mailTexts())
	maps.Copy(out, wayTexts())
	maps.Copy(out, featureTexts())
	maps.Copy(out, codeTexts())
	return out
}

// featureTexts are words that several features need.
func featureTexts() map[string]Text {
	const bad, note = "error", "info"
	return map[string]Text{
		"EMAIL_NOT_PROVIDED":             {Category: bad, Text: "Please enter your email address."},
		"INVALID_EMAIL_ADDRESS":          {Category: bad, Text: "This is not a valid email address."},
		"EMAIL_ALREADY_ASSOCIATED":       {Category: bad, Text: "There is an account with the address %(email)s already."},
		"PASSWORD_NOT_PROVIDED":          {Category: bad, Text: "Please enter a password."},
		"RETYPE_PASSWORD_MISMATCH":       {Category: bad, Text: "The two passwords are not the same."},
		"PASSWORD_INVALID_LENGTH":        {Category: bad, Text: "A password has %(length)s to %(max)s characters."},
		"PASSWORD_TOO_LONG":              {Category: bad, Text: "This password is too long."},
		"PASSWORD_TOO_SIMPLE":            {Category: bad, Text: "This password is easy to guess. A few uncommon words make a better one."},
		"PASSWORD_BREACHED":              {Category: bad, Text: "This password is in a list of leaked passwords. Please choose another."},
		"PASSWORD_BREACHED_SITE_ERROR":   {Category: bad, Text: "The password could not be looked up among leaked ones. Please try again later."},
		"USERNAME_NOT_PROVIDED":          {Category: bad, Text: "Please enter a username."},
		"USERNAME_ALREADY_ASSOCIATED":    {Category: bad, Text: "The username %(username)s is taken."},
		"USERNAME_INVALID_LENGTH":        {Category: bad, Text: "A username has %(min)d to %(max)d characters."},
		"USERNAME_ILLEGAL_CHARACTERS":    {Category: bad, Text: "This username contains markup, control characters or outer spaces."},
		"USERNAME_DISALLOWED_CHARACTERS": {Category: bad, Text: "A username has letters and digits only."},
		"USERNAME_MIXED_SCRIPTS":         {Category: bad, Text: "Please use letters and digits of one alphabet only."},
		"IDENTITY_ALREADY_ASSOCIATED":    {Category: bad, Text: "Another account has this %(attr)s already."},
		"INVALID_PASSWORD":               {Category: bad, Text: "The password is not right."},
		"USER_DOES_NOT_EXIST":            {Category: bad, Text: "There is no such account."},
		"password_length_hint":           {Text: "At least %(n)d character.", Plural: "At least %(n)d characters."},
		"password_hint":                  {Text: "A few uncommon words make a good password. Passwords that many people use or that have leaked are refused."},
		"FORGOT_PASSWORD":                {Category: note, Text: "Forgot your password?"},
	}
}

// codeTexts are words about one-time codes.
func codeTexts() map[string]Text {
	const bad, note, good = "error", "info", "success"
	return map[string]Text{
		"PASSWORDLESS_LOGIN_SUCCESSFUL": {Category: good, Text: "You are signed in."},
		"PHONE_INVALID":                 {Category: bad, Text: "Text messages cannot be sent to this number. Write it with its country, such as +1 202 555 0123."},
		"FAILED_TO_SEND_CODE":           {Category: bad, Text: "The code could not be sent. Please try again, or use another way."},
		"CODE_HAS_BEEN_SENT":            {Category: note, Text: "A code is on its way to you."},
		"USE_CODE":                      {Category: note, Text: "Your code is %(code)s. Give it to nobody."},
		"code":                          {Text: "Code"},
		"code_hint":                     {Text: "Six digits."},
		"code_required":                 {Category: bad, Text: "Please enter the code."},
		"phone":                         {Text: "Phone number"},
		"phone_hint":                    {Text: "With its country, such as +1 202 555 0123."},
		"sms_hint":                      {Text: "Text messages can be read by others or get lost. An authenticator app is safer."},
		"sendcode":                      {Text: "Send a code"},
		"submitcode":                    {Text: "Check the code"},
		"method_email":                  {Text: "Code by email"},
		"method_sms":                    {Text: "Code by text message"},
		"method_authenticator":          {Text: "Authenticator app"},
		"method_password":               {Text: "Password"},
		"method_webauthn":               {Text: "Passkey"},
		"authr_scan":                    {Text: "Open your authenticator app, add an account and scan this picture."},
		"authr_picture":                 {Text: "QR code for your authenticator app"},
		"authr_by_hand":                 {Text: "If you cannot scan it, type this key into the app:"},
		"authr_open":                    {Text: "Open the authenticator app on this device"},
		"authr_account":                 {Text: "Account: %(account)s"},
		"mail_code_once":                {Text: "The code works once, within %(within)s."},
		"EMAIL_SUBJECT_FACTOR_NOTICE":   {Text: "The way you sign in has changed"},
		"notice_set":                    {Text: "A new way to sign in to your account was set up: %(method)s."},
		"notice_removed":                {Text: "A way to sign in to your account was removed: %(method)s."},
		"notice_second_set":             {Text: "Your account asks for a second step when you sign in from now on: %(method)s."},
		"notice_second_off":             {Text: "Your account does not ask for a second step any more when you sign in."},
		"notice_recovery_made":          {Text: "New recovery codes were made for your account. The older ones do not work any more."},
		"notice_recovery_used":          {Text: "A recovery code was used to sign in to your account. You have %(n)d left.", Plural: "A recovery code was used to sign in to your account. You have %(n)d left."},
		"notice_yours":                  {Text: "If this was you, you need not do anything."},
		"notice_not_yours":              {Text: "If it was not you, somebody else can sign in to your account. Choose a new password now, and look at how you sign in."},
		"notice_button":                 {Text: "Choose a new password"},
		"mail_code_nobody":              {Text: "Give it to nobody: we never ask for it by mail or phone."},
	}
}

// mailTexts are words of several mails, and how long something is.
func mailTexts() map[string]Text {
	return map[string]Text{
		"mail_link_once": {Text: "The link works once, within %(within)s."},
		"mail_ignore":    {Text: "If you did not ask for this, you need not do anything."},
		"mail_copy_link": {Text: "If the button does not work, open this address in your browser:"},

		"duration_years":   {Text: "%(n)d year", Plural: "%(n)d years"},
		"duration_months":  {Text: "%(n)d month", Plural: "%(n)d months"},
		"duration_days":    {Text: "%(n)d day", Plural: "%(n)d days"},
		"duration_hours":   {Text: "%(n)d hour", Plural: "%(n)d hours"},
		"duration_minutes": {Text: "%(n)d minute", Plural: "%(n)d minutes"},
		"duration_seconds": {Text: "%(n)d second", Plural: "%(n)d seconds"},
		"duration_two":     {Text: "%(a)s and %(b)s"},
		"duration_more":    {Text: "%(a)s, %(b)s"},
		"list_more":        {Text: "%(a)s, %(b)s"},
	}
}

// wayTexts say how somebody signed in, and how a request is authenticated.
func wayTexts() map[string]Text {
	return map[string]Text{
		"via_password": {Text: "password"},
		"via_register": {Text: "registration"},
		"via_confirm":  {Text: "confirmation link"},
		"via_reset":    {Text: "password reset"},
		"via_change":   {Text: "password change"},
		"via_token":    {Text: "sign-in link"},

		"via_email":         {Text: "code by email"},
		"via_sms":           {Text: "code by text message"},
		"via_authenticator": {Text: "authenticator app"},
		"via_recovery_code": {Text: "recovery code"},

		"mechanism_session": {Text: "session"},
		"mechanism_token":   {Text: "authentication token"},
		"mechanism_basic":   {Text: "basic authentication"},
	}
}
