package sms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/doorward/doorward/sms"
)

// Gateway sends text messages through a service that takes JSON.
type Gateway struct {
	URL, Key string
	Client   *http.Client // with a timeout
}

// Send implements [sms.Sender]. The message has been checked by the queue.
func (g Gateway) Send(ctx context.Context, m sms.Message) error {
	body, err := json.Marshal(map[string]string{"recipient": m.To, "content": m.Text})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.Key)
	req.Header.Set("Content-Type", "application/json")
	res, err := g.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		why, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return fmt.Errorf("gateway: answered %d: %s", res.StatusCode, sms.Redact(string(why), m))
	}
	return nil
}

// A sender of your own is one method, with a queue in front of it.
func ExampleSender() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Recipient, Content string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		if asked.Recipient == "+491701298765" {
			http.Error(w, "nobody is at "+asked.Recipient, http.StatusNotFound)
			return
		}
		fmt.Println("the service got:", asked.Recipient, asked.Content)
	}))
	defer service.Close()

	gateway := Gateway{URL: service.URL, Key: "from a secret store", Client: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	queue := sms.NewQueue(gateway, sms.QueueConfig{Max: 200, Log: slog.New(slog.DiscardHandler)})

	ctx := context.Background()
	_ = queue.Send(ctx, sms.Message{To: "+14155550100", Text: "Your code: 123456"}) // returns at once
	_ = queue.Close(ctx)                                                            // sends what waits
	fmt.Println("later:", queue.Send(ctx, sms.Message{To: "+14155550100", Text: "Your code: 123456"}))

	queue = sms.NewQueue(gateway, sms.QueueConfig{})
	fmt.Println("in line:", queue.Now(ctx, sms.Message{To: "+491701298765", Text: "Your code: 123456"}))
	_ = queue.Close(ctx)
	// Output:
	// the service got: +14155550100 Your code: 123456
	// later: sms: the queue is closed
	// in line: gateway: answered 404: nobody is at (number)
}

// In tests an Outbox stands for the provider.
func ExampleOutbox() {
	var box sms.Outbox
	_ = box.Send(context.Background(), sms.Message{To: "+14155550100", Text: "Your code: 123456"})
	for _, m := range box.Sent() {
		fmt.Println(m)
		fmt.Println(m.To, m.Text)
	}
	// Output:
	// text message to +...00
	// +14155550100 Your code: 123456
}
