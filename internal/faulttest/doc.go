// Package faulttest breaks what an installation stands on and looks at what
// becomes of it: every operation of the database fails once, the tables hold
// what no program wrote there, the disk is full or read-only, the clock jumps.
//
// It has tests only. Those with PostgreSQL and MariaDB need these servers, and
// those with a full or read-only disk must be allowed to mount one; without that
// they are skipped, unless DOORWARD_REQUIRE_SERVICES=1 says that it must be
// there.
package faulttest
