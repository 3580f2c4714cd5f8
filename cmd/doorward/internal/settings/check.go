package settings

// Check returns everything that would be wrong with a file that holds vars, for
// a configuration that nobody uses yet.
func Check(vars map[string]any) []error {
	l, _, err := blank()
	if err != nil {
		return flatten(err)
	}
	l.put(map[string]any{"SECURITY_SESSION_IDLE": "24 hours"}, fromServe)
	l.put(vars, "file")
	return l.fill(l.unheard(vars))
}
