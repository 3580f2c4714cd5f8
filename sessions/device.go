package sessions

import (
	"strings"
	"unicode"

	"github.com/mileusna/useragent"
)

const (
	agentMax = 512 // bytes of a User-Agent that are looked at
	nameMax  = 64  // bytes of a name that are shown
)

// name guesses what a User-Agent header stands for; what it does not tell is "".
// The header is a stranger's: it is cut, and so is what comes out.
func name(agent string) (device, browser, os string) {
	agent = strings.ToValidUTF8(agent[:min(len(agent), agentMax)], "")
	ua := useragent.Parse(agent)
	switch {
	case ua.Device != "":
		device = ua.Device
	case ua.Bot:
		device = "bot"
	case ua.Tablet:
		device = "tablet"
	case ua.Mobile:
		device = "phone"
	case ua.Desktop:
		device = "computer"
	}
	browser = ua.Name
	if major, _, _ := strings.Cut(ua.Version, "."); browser != "" && major != "" {
		browser += " " + major
	}
	return tidy(device), tidy(browser), tidy(ua.OS)
}

// tidy leaves what can be shown on one line.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(strings.ToValidUTF8(s[:min(len(s), nameMax)], ""))
}
