// Package doorwardtest helps to test applications that use doorward, and is
// what doorward's own features are tested with.
//
// [New] makes a whole installation that needs nothing outside of the process:
//
//	app := doorwardtest.New(t, func(c *batteries.Config) { c.GenericResponses = true })
//	app.NewUser("joe@example.com")
//	b := app.Browser()
//	b.PostForm("/login", doorwardtest.Fields{"email": "joe@example.com", "password": doorwardtest.Password})
//	if b.WhoAmI() != "joe@example.com" { ... }
//
// It has a clock that stands still until it is moved, a hasher that costs
// microseconds and counts, an outbox, and a record of every event. Messages
// are shown as their keys ("INVALID_PASSWORD"). Everything is logged at debug
// level, and at the end of the test it fails if a password, a cookie or a
// token that was used is in the log or in an event.
//
// A [Browser] keeps cookies as browsers do, complains of those that a browser
// would refuse, and finds CSRF tokens by itself. [Run] runs tables of
// [Scenario], each as JSON and as posted forms.
//
// The drivers look at every route of an installation at once, those of the
// application's own features included: [RouteMatrix], [TokenMatrix],
// [Parallel], [TypeFuzz], [Twins] and [MailTrap].
package doorwardtest
