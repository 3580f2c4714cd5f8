package qrsvg_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/qrsvg"
)

// What a camera would see is read by a program that is not ours.
func TestReadBack(t *testing.T) {
	tests := []struct {
		name, text string
	}{
		{"a key", keyURI},
		{"escapes", "otpauth://totp/A%20%26%20B:joe%2Bx@example.com?secret=AAAQEAYE&issuer=A%20%26%20B"},
		{"digits", "3141592653589793"},
		{"capitals", "HTTPS://EXAMPLE.COM/ABC"},
		{"one letter", "x"},
		{"markup", `"/><script>alert(1)</script>`},
		{"version 7, the first that names itself", strings.Repeat("a", 110)},
		{"version 10, with a longer count", strings.Repeat("b", 200)},
		{"longest", strings.Repeat("0123456789abcdef", qrsvg.MaxText/16)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := read(t, draw(t, tt.text)); got != tt.text {
				t.Errorf("read back %q, want %q", got, tt.text)
			}
		})
	}
}

// The whole way of a key: drawn, read by a camera, used by an application.
func TestReadBackAndSignIn(t *testing.T) {
	u, err := url.Parse(read(t, draw(t, keyURI)))
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, "oathtool", "--totp", "--base32", "--now", "2023-11-14 22:13:20 UTC", u.Query().Get("secret"))
	if want := "367345"; got != want {
		t.Errorf("code %q, want %q", got, want)
	}
}

// read rasterises a drawing and lets zbarimg decode the picture.
func read(t *testing.T, svg string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "code.png")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, raster(modules(t, svg))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return run(t, "zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", file)
}

// raster paints each module as a square of a few pixels.
func raster(black [][]bool) image.Image {
	const pixels = 4
	img := image.NewGray(image.Rect(0, 0, len(black)*pixels, len(black)*pixels))
	for y := range img.Rect.Max.Y {
		for x := range img.Rect.Max.X {
			if !black[y/pixels][x/pixels] {
				img.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	return img
}

var oneRun = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// modules reads a drawing as the rows of its modules, and fails where a run
// leaves the picture or touches the one before it, with which it should have
// been merged.
func modules(t *testing.T, svg string) [][]bool {
	t.Helper()
	found := markup.FindStringSubmatch(svg)
	if found == nil {
		t.Fatalf("unexpected markup: %.200s", svg)
	}
	black := make([][]bool, number(t, found[1]))
	for y := range black {
		black[y] = make([]bool, len(black))
	}
	for _, m := range oneRun.FindAllStringSubmatch(found[5], -1) {
		x, y, n, back := number(t, m[1]), number(t, m[2]), number(t, m[3]), number(t, m[4])
		if n != back || x == 0 || y >= len(black) || x+n > len(black) || black[y][x-1] {
			t.Fatalf("unexpected run %s", m[0])
		}
		for i := range n {
			black[y][x+i] = true
		}
	}
	return black
}

func number(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// run returns what a program says. Without the program the test is skipped, or
// fails where everything must be there.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("DOORWARD_REQUIRE_SERVICES") == "1" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed; this test shows that other programs read our codes", name)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return strings.TrimSuffix(string(out), "\n")
}
