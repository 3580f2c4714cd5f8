package mail

// WithDefaults shows what is in force.
func (c QueueConfig) WithDefaults() QueueConfig { return c.withDefaults() }
