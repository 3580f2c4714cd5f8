package server

// Logged is the log of requests alone, with its net for panics.
var Logged = logged
