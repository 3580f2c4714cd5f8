package sms

import (
	"context"
	"log/slog"
)

// Log is a Sender for development, and never for a server that people use: it
// sends nothing and WRITES THE WHOLE MESSAGE TO THE LOG, number and code included.
// Whoever reads that log can sign in as whoever asked. It is what SMS_SERVICE=Log
// means.
type Log struct {
	Logger *slog.Logger // nil: the default logger
}

// Send implements [Sender]. It fails for what [Message.Check] refuses.
func (l Log) Send(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	logger(l.Logger).WarnContext(ctx, "a text message was logged instead of sent, which is for development only", "to", m.To, "text", m.Text)
	return nil
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}
