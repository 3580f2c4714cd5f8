// Package forwardauth answers a proxy that asks, before it lets a request
// through to an application, who makes it and whether he may.
//
// The proxy sends what it got, without the body, and says in four headers what
// was asked for: X-Forwarded-Method, -Proto, -Host and -Uri. The rules stand in
// the query, which the operator writes into the proxy's configuration:
//
//	role, permission          every one named must be there
//	any_role, any_permission  one of those named must be there
//	mechanism                 session, token, basic; default session and token
//	within                    how recently the user proved who he is, as in 15m
//	grace                     with within: requests that follow pass that long
//	redirect=false            401 with a Location, for a proxy that knows no 302
//	cross_site=true           unsafe requests may come from other sites
//
// A name is repeated to give several values. Anything else in the query is a
// mistake that could leave a door open, and refuses everybody.
//
// The answers are 200 with Remote-User, Remote-Email and Remote-Groups; 302 to
// the sign-in or verify page, for a browser that asked for a page; 401; 403; and
// the engine's own 400, 429 and 503. What is refused because the proxy or its
// configuration is wrong is 403 with the reason in the log.
//
// The path decides nothing here: which rules apply is the choice of the proxy,
// by the location it asks from, so no second reading of a path can disagree with
// the first (CVE-2021-32637).
package forwardauth
