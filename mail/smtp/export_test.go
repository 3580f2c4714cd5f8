package smtp

import (
	"time"

	"github.com/doorward/doorward/mail"
)

// Render shows what a server gets.
func Render(m mail.Message, now time.Time) (string, error) {
	l, err := render(m, now)
	if err != nil {
		return "", err
	}
	return string(l.source), nil
}
