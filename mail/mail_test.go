package mail_test

import (
	"sync"
	"testing"

	"github.com/doorward/doorward/mail"
)

func TestOutbox(t *testing.T) {
	var o mail.Outbox
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := o.Send(t.Context(), mail.Message{To: "joe@example.com"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sent := o.Sent()
	if len(sent) != 10 {
		t.Fatalf("%d mails", len(sent))
	}
	sent[0].To = "changed"
	if o.Sent()[0].To != "joe@example.com" {
		t.Error("the caller's copy is the outbox's own")
	}
	o.Reset()
	if len(o.Sent()) != 0 {
		t.Error("mails are left")
	}
}
