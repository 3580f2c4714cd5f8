// Package clustertest runs several doorward servers as real processes on one
// real database, kills them and takes the database away while they are used,
// and looks at what was promised to clients.
//
// It has tests only. They build the program once, need PostgreSQL and nginx, and
// are skipped without them, unless DOORWARD_REQUIRE_SERVICES=1 says that they
// must be there. With -short the two that wait for a broken database are left
// out.
package clustertest
