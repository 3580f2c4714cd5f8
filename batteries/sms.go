package batteries

import (
	"fmt"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/sms/phone"
	"github.com/doorward/doorward/sms/twilio"
)

// SMSConfig says how text messages are sent.
type SMSConfig struct {
	Service string            `setting:"SMS_SERVICE" default:"Dummy" help:"What sends text messages: Twilio; Log writes them to the log, for development; Dummy: there are none."`
	Options map[string]string `setting:"SMS_SERVICE_CONFIG,secret" help:"What the service needs: ACCOUNT_SID, AUTH_TOKEN and PHONE_NUMBER."`
	Queue   sms.QueueConfig
	Numbers phone.Parser
}

// textMessages makes the sender of text messages that the settings name, with a
// queue before it, so that strangers do not wait for it, and a parser of numbers.
func (a *App) textMessages(cfg *Config) error {
	if err := cfg.SMS.Numbers.Check(); err != nil {
		return &doorward.ConfigError{Problem: "PHONE_REGION_DEFAULT: " + err.Error(), Hint: "write the two letters of a country, such as US"}
	}
	if cfg.Codes.Phone == nil {
		cfg.Codes.Phone = cfg.SMS.Numbers.E164
	}
	sender := cfg.Codes.SMS
	if sender == nil {
		var err error
		if sender, err = cfg.SMS.sender(a, cfg); sender == nil || err != nil {
			return err
		}
	}
	if _, queued := sender.(interface{ Queued() }); queued {
		cfg.Codes.SMS = sender
		return nil
	}
	q := cfg.SMS.Queue
	if q.Log == nil {
		q.Log = a.logger(cfg)
	}
	a.texts = sms.NewQueue(sender, q)
	cfg.Codes.SMS = a.texts
	return nil
}

func (c *SMSConfig) sender(a *App, cfg *Config) (sms.Sender, error) {
	switch c.Service {
	case "Dummy":
		return nil, nil
	case "Log":
		return sms.Log{Logger: a.logger(cfg)}, nil
	case "Twilio":
		s, err := twilio.New(twilio.Config{AccountSID: c.Options["ACCOUNT_SID"], AuthToken: c.Options["AUTH_TOKEN"], From: c.Options["PHONE_NUMBER"]})
		if err != nil {
			return nil, &doorward.ConfigError{Problem: "SMS_SERVICE_CONFIG: " + err.Error(), Hint: "set ACCOUNT_SID, AUTH_TOKEN and PHONE_NUMBER in it"}
		}
		return s, nil
	}
	return nil, &doorward.ConfigError{Problem: fmt.Sprintf("SMS_SERVICE: %q is not known", c.Service), Hint: "Twilio, Log or Dummy; a sender of your own goes to Config.Codes.SMS"}
}

// phoneNumber is the normal form of a number that users sign in with.
func (c *Config) phoneNumber(typed string) string {
	parse := c.Codes.Phone
	if parse == nil {
		parse = c.SMS.Numbers.E164
	}
	n, err := parse(typed)
	if err != nil {
		return ""
	}
	return n
}
