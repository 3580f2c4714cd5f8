package devmail

// Kept is how many mails are in memory.
func (b *Mailbox) Kept() int { return len(b.all()) }
