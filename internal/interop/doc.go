// Package interop runs the server beside the original Flask-Security, both on
// one database and for the same browsers, and lets each use what the other made.
//
// It has tests only, and app.py, which is the application with the original.
// DOORWARD_INTEROP_PYTHON names the Python interpreter of an environment with what
// requirements.txt lists; without it the tests are skipped. scripts/interop makes
// that environment, runs them on SQLite and PostgreSQL, and prints their outcome
// as a table, a row for each thing and direction.
package interop
