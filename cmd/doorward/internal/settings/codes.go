package settings

import (
	"net"
	"slices"
	"strings"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/sms/twilio"
)

const (
	smsService = "SECURITY_SMS_SERVICE"
	smsOptions = "SECURITY_SMS_SERVICE_CONFIG"
	totpIssuer = "SECURITY_TOTP_ISSUER"
)

// NamesTexts reports whether the settings say what sends text messages, if only
// that nothing does.
func (l *Loaded) NamesTexts() bool { return l.given(smsService) }

// Unsent returns a sender for where nobody is to get a text message, but where
// the pages are to be as they are while the server shows messages itself. It is
// nil if it never does.
func (l *Loaded) Unsent() sms.Sender {
	if l.NamesTexts() || l.Config.SMTP.Server != "" {
		return nil
	}
	return &sms.Outbox{}
}

// codes completes what is said about one-time codes and how they are sent, and
// returns everything that is wrong with that.
func (l *Loaded) codes() []error {
	if !l.given(totpIssuer) {
		l.Config.Codes.Issuer, l.sources[totpIssuer] = l.issuer(), fromServe
	}
	if l.Config.SMS.Service != "Twilio" {
		return nil
	}
	return l.twilio()
}

// issuerMax is how long the name of a site may be in a QR code, in bytes.
const issuerMax = 100

// issuer is how authenticator applications call this site where no setting says
// it. The format has no room for a colon.
func (l *Loaded) issuer() string {
	if title := strings.Join(strings.Fields(strings.ReplaceAll(l.Config.Pages.Title, ":", " ")), " "); title != "" && len(title) <= issuerMax {
		return title
	}
	host := l.Config.URLs.ServerName
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != "" && len(host) <= issuerMax && !strings.Contains(host, ":") {
		return host
	}
	return "Doorward"
}

// twilio returns everything that Twilio would need and does not have.
func (l *Loaded) twilio() (errs []error) {
	bad := func(problem, hint string) {
		errs = append(errs, &conf.Error{Name: smsOptions, Problem: problem, Hint: hint})
	}
	known := []string{"ACCOUNT_SID", "AUTH_TOKEN", "PHONE_NUMBER"}
	o := l.Config.SMS.Options
	missing := slices.DeleteFunc(slices.Clone(known), func(name string) bool { return o[name] != "" })
	if len(missing) > 0 {
		bad("Twilio needs "+strings.Join(missing, " and "), `write {"ACCOUNT_SID": "AC...", "AUTH_TOKEN": "...", "PHONE_NUMBER": "+14155550100"}`)
	}
	for name := range o {
		if !slices.Contains(known, name) {
			bad("holds more than "+strings.Join(known, ", "), "Twilio takes nothing else")
			break
		}
	}
	_, err := twilio.New(twilio.Config{AccountSID: o["ACCOUNT_SID"], AuthToken: o["AUTH_TOKEN"], From: o["PHONE_NUMBER"]})
	for _, e := range flatten(err) {
		text := strings.TrimPrefix(e.Error(), "twilio: ")
		if name, _, _ := strings.Cut(text, " "); !slices.Contains(missing, name) {
			bad(text, "")
		}
	}
	return errs
}

// idle adds to out the settings about codes that change nothing, with why.
func (l *Loaded) idle(out map[string]string) {
	c := &l.Config
	if c.RecoveryCodes != nil && c.TwoFactor == nil {
		out["SECURITY_MULTI_FACTOR_RECOVERY_CODES"] = "SECURITY_TWO_FACTOR is off: there is no second factor whose place a recovery code could take"
	}
	switch service := c.SMS.Service; {
	case service == "Dummy" || service == "":
	case c.TwoFactor == nil && c.Unified == nil:
		out[smsService] = "SECURITY_TWO_FACTOR and SECURITY_UNIFIED_SIGNIN are off: nothing sends text messages"
	}
	if c.SMS.Service != "Twilio" {
		out[smsOptions] = "only Twilio needs it, and " + smsService + " names another service or none"
	}
}
