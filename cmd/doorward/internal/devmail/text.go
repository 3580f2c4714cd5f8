package devmail

import (
	"html"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/mail"
)

// address is a link as it stands in a text.
var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// piece is a part of a text; one with a URL is a link.
type piece struct{ Text, URL string }

// pieces cuts a text at its links.
func pieces(text string) (out []piece) {
	for {
		at := address.FindStringIndex(text)
		if at == nil {
			return append(out, piece{Text: text})
		}
		url := trimmed(text[at[0]:at[1]])
		out = append(out, piece{Text: text[:at[0]]}, piece{Text: url, URL: url})
		text = text[at[0]+len(url):]
	}
}

// trimmed is a link without the punctuation of the sentence around it.
func trimmed(url string) string { return strings.TrimRight(url, ".,;:!?)]}'") }

// links returns where a mail leads, each link once: those of its text or, if
// there is none, of its markup.
func links(m mail.Message) []string {
	text := m.Text
	if text == "" {
		text = html.UnescapeString(m.HTML)
	}
	var out []string
	for _, url := range address.FindAllString(text, -1) {
		if url = trimmed(url); !slices.Contains(out, url) {
			out = append(out, url)
		}
	}
	return out
}

// prefersJSON reports whether the client would rather have JSON than a page. One
// that takes anything gets the page.
func prefersJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return quality(accept, "application", "json") > quality(accept, "text", "html")
}

// quality is the weight that an Accept header gives a media type: that of the
// most specific range that covers it (RFC 9110 12.5.1).
func quality(accept, major, minor string) (q float64) {
	ranges, best := []string{"*/*", major + "/*", major + "/" + minor}, -1
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		at := slices.Index(ranges, name)
		if err != nil || at <= best {
			continue
		}
		best, q = at, 1
		if given, ok := params["q"]; ok {
			q, _ = strconv.ParseFloat(given, 64) // not a number: not wanted
		}
	}
	return q
}
