// Package doorward answers two questions for a Go web application: who is
// making this request, and may they?
//
// The package holds the words - [User], [Role], the stores, the events, the
// messages and errors - and the engine that every sign-in passes through. What
// a visitor can do (sign in with a password, register, ...) are features:
// packages below this one, given to [New] as values. Package batteries puts
// all of them behind one configuration:
//
//	app, err := batteries.New(batteries.Config{...})
//	http.ListenAndServe(addr, app.Handler(mux))
//
// [Security] is what an application sees: [Security.Handler] serves the
// security pages in front of the application, the Require methods guard its
// handlers, and [CurrentUser] gives the signed-in user as the application's
// own type. [Runtime] is what a feature sees.
//
// Everything here is safe for concurrent use once [New] has returned, and
// nothing is kept in package variables: two instances live in one process.
package doorward
