package twofactor

// Hooks are the events of this feature.
type Hooks struct{}
