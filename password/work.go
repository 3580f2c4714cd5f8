package password

// work orders stored hashes by how hard they make guessing. Costs of one class compare,
// classes compare, nothing finer is claimed.
type work struct {
	class int
	cost  uint64
}

// Classes from weak to strong: what a graphics card guesses by the billion comes first,
// what needs memory for every guess last (RFC 9106 section 1).
const (
	classFast   = iota // one round of a digest, or readable
	classSHA1          // PBKDF2 with SHA-1
	classRounds        // PBKDF2 and crypt with SHA-2
	classBcrypt        // cost is 2 to the power of the rounds
	classMemory        // cost is KiB times passes
)

// outdated tells whether a stored hash should be replaced by one of the policy. It is
// never true for a stronger one, so that signing in does not weaken what an operator
// or an earlier application chose.
func outdated(stored, policy parsed) bool {
	s, p := stored.work, policy.work
	switch {
	case s.class != p.class:
		return s.class < p.class
	case s.cost != p.cost:
		return s.cost < p.cost
	}
	return stored.scheme != policy.scheme
}

// costlier tells whether a stored hash makes more work than one of the policy; by an
// eighth within a class, because less drowns in what else an answer takes.
func costlier(stored, policy work) bool {
	if stored.class != policy.class {
		return stored.class > policy.class
	}
	return stored.cost > policy.cost+policy.cost/8
}
