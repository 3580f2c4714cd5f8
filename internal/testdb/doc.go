// Package testdb gives a test a database of its own, of every kind that a
// server can keep its accounts in.
//
// SQLite needs nothing. PostgreSQL and MySQL are servers that somebody else
// starts, scripts/services for one; where they are is said by
// DOORWARD_TEST_POSTGRES and DOORWARD_TEST_MYSQL in the form of DATABASE_URL,
// with a user who may create databases. Without them a test is skipped, or
// fails where DOORWARD_REQUIRE_SERVICES=1 says that they must be there.
//
// The package knows nothing of stores, so that every store may use it.
package testdb
