// Package interop runs this library beside the original Flask-Security, both on
// one database, and lets each read what the other wrote.
//
// It has tests only, and app.py, which is the application with the original.
// DOORWARD_INTEROP_PYTHON names the Python interpreter of an environment with what
// requirements.txt lists; without it the tests are skipped. scripts/interop makes
// that environment, runs them and prints their outcome as a table.
package interop
