package doorward

// Result is what a handler wants answered. One Result serves a browser, which
// gets Redirect or Page, and an API client, which gets JSON.
type Result struct {
	// Page is a template: "security/login_user.html".
	Page string
	// Form and Values are the template's .Form and .Page.
	Form   any
	Values map[string]any
	// Scope names the context function ([Config.Context]) that adds to the page.
	Scope string
	// Redirect is where a browser goes (302). It must be safe already: see
	// [Runtime.Target] and [Runtime.View].
	Redirect string
	// Always sends API clients there, too.
	Always bool
	// Flash is shown on the next page.
	Flash []Message
	// JSON is merged into the response object; csrf_token is added to it unless Bare.
	JSON map[string]any
	// Bare leaves csrf_token out of the response.
	Bare bool
	// User, if set, adds "user" with the payload of the user.
	User User
	// Status is 200 if zero.
	Status int

	fields []string // the form's field names in order
}
