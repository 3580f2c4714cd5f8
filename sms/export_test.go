package sms

// WithDefaults is what NewQueue makes of a configuration.
func (c QueueConfig) WithDefaults() QueueConfig { return c.withDefaults() }
