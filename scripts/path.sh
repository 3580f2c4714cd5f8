# shellcheck shell=bash
# Sourced: puts the servers of Debian's packages into PATH. PostgreSQL keeps one
# directory a version; of several the newest is taken.
for dir in /usr/sbin $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
  [ ! -d "$dir" ] || PATH=$PATH:$dir
done
unset dir
export PATH
