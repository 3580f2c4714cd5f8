// Package qrsvg draws a text as a QR code in SVG, so that a page can show a
// key to the camera of a phone without an image of its own and without a
// script.
package qrsvg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rsc.io/qr"
)

const (
	// MaxText is how many bytes a drawing can hold. Level M has room for twice
	// as many, but cameras read such a code badly from a screen.
	MaxText = 1024

	// quiet is the white margin that readers need (ISO/IEC 18004), in modules.
	quiet = 4
)

// Draw returns one <svg> element that shows the text as a QR code of level M,
// black on white whatever the colours of the page, with its margin. It has a
// viewBox in modules and no size, which is for CSS to give; no ids, scripts or
// styles, and no references, so that the strictest Content-Security-Policy
// lets it pass. It can be put into a page or, as it stands, into a data URI.
//
// It is safe to embed as [html/template.HTML]: the text decides which modules
// are black, and nothing but fixed markup and decimal numbers is ever written.
// The drawing is as secret as the text, and is not to be logged or cached.
//
// No text, and one of more than [MaxText] bytes, is an error that does not
// repeat it.
func Draw(text string) (string, error) {
	if text == "" || len(text) > MaxText {
		return "", fmt.Errorf("qrsvg: a text of %d bytes, want 1 to %d", len(text), MaxText)
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", errors.New("qrsvg: the text cannot be encoded") // err may quote it
	}
	size := strconv.Itoa(code.Size + 2*quiet)
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + size + ` ` + size +
		`" shape-rendering="crispEdges"><rect width="` + size + `" height="` + size +
		`" fill="#fff"/><path fill="#000" d="` + path(code) + `"/></svg>`, nil
}

// path draws each run of black modules in a row as one rectangle.
func path(code *qr.Code) string {
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for code.Black(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, n, n)
			}
		}
	}
	return b.String()
}
