// Package doorwardotel gives what Doorward counts and times to OpenTelemetry.
//
//	meter, err := doorwardotel.New(provider)
//	...
//	app, err := batteries.New(batteries.Config{Config: doorward.Config{Meter: meter, ...}})
//
// Counts become Int64Counters. Timings become Float64Histograms in seconds, with
// bounds from a tenth of a millisecond, which a look-up takes, to ten seconds.
// docs/observability.md lists the names and their attributes.
//
// No traces are made here: wrap the whole handler with the middleware of
// go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp, and stores
// with the instrumentation of their driver. The engine hands the context of the
// request on to stores and to this package, so that spans and exemplars meet.
//
// It is a module of its own, so that only who imports it downloads OpenTelemetry.
package doorwardotel
