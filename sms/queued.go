package sms

// Queued marks a sender that returns at once, and needs no queue before it.
func (q *Queue) Queued() {}

// Queued marks a sender that returns at once.
func (o *Outbox) Queued() {}

// Queued marks a sender that returns at once.
func (l Log) Queued() {}
