package qrsvg_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/qrsvg"
)

const keyURI = "otpauth://totp/Example:joe@example.com?secret=AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT&issuer=Example"

// markup is all that may ever be written: what a page trusts.
var markup = regexp.MustCompile(`^<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 (\d+) (\d+)" shape-rendering="crispEdges">` +
	`<rect width="(\d+)" height="(\d+)" fill="#fff"/>` +
	`<path fill="#000" d="((?:M\d+ \d+h\d+v1h-\d+z)+)"/></svg>$`)

func draw(t *testing.T, text string) string {
	t.Helper()
	svg, err := qrsvg.Draw(text)
	if err != nil {
		t.Fatalf("Draw: %v", err)
	}
	return svg
}

func TestDrawShape(t *testing.T) {
	tests := []struct {
		name, text, size string
	}{
		// A code of version v has 17+4v modules a side; the margin adds 8.
		{"smallest", "hello", "29"},
		{"fourteen bytes fill version 1", strings.Repeat("a", 14), "29"},
		{"fifteen bytes do not fit it", strings.Repeat("a", 15), "33"},
		{"digits are packed", strings.Repeat("7", 34), "29"},
		{"capitals are packed", strings.Repeat("A", 20), "29"},
		{"a key", keyURI, "49"},
		{"longest", strings.Repeat("a", qrsvg.MaxText), "129"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			svg := draw(t, tt.text)
			found := markup.FindStringSubmatch(svg)
			if found == nil {
				t.Fatalf("unexpected markup: %.200s", svg)
			}
			for _, size := range found[1:5] {
				if size != tt.size {
					t.Errorf("a side of %s modules, want %s", size, tt.size)
				}
			}
		})
	}
}

func TestDrawIsOneElement(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(draw(t, keyURI)))
	var names []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			names = append(names, start.Name.Local)
		}
	}
	if got := strings.Join(names, " "); got != "svg rect path" {
		t.Errorf("elements %q, want %q", got, "svg rect path")
	}
}

// The corner of every QR code is the same: a black frame of seven modules with
// a square of three in it, four modules from the edge.
func TestDrawCorner(t *testing.T) {
	black := modules(t, draw(t, keyURI))
	want := []string{
		"............",
		"............",
		"............",
		"............",
		"....#######.",
		"....#.....#.",
		"....#.###.#.",
		"....#.###.#.",
		"....#.###.#.",
		"....#.....#.",
		"....#######.",
		"............",
	}
	for y, row := range want {
		for x, c := range row {
			if black[y][x] != (c == '#') {
				t.Fatalf("module %d,%d: black is %t", x, y, black[y][x])
			}
		}
	}
}

func TestDrawRefuses(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXP"
	for name, text := range map[string]string{
		"nothing":         "",
		"a byte too many": secret + strings.Repeat("a", qrsvg.MaxText-len(secret)+1),
		"a megabyte":      secret + strings.Repeat("a", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			svg, err := qrsvg.Draw(text)
			if err == nil || svg != "" {
				t.Fatalf("got %d bytes and error %v", len(svg), err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the text: %v", err)
			}
		})
	}
}

func FuzzDraw(f *testing.F) {
	for _, text := range []string{keyURI, "", "0", "A", `"/><script>alert(1)</script>`, "\x00\xff", "é", strings.Repeat("9", 1025)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		svg, err := qrsvg.Draw(text)
		if err != nil {
			if text != "" && len(text) <= qrsvg.MaxText {
				t.Fatalf("%q is refused: %v", text, err)
			}
			return
		}
		if !markup.MatchString(svg) {
			t.Fatalf("unexpected markup for %q", text)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := qrsvg.Draw(keyURI); err != nil {
			b.Fatal(err)
		}
	}
}
