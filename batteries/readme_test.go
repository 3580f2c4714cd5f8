package batteries_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadme: every Go snippet of the README stands in the example, which runs.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the README has no Go snippet")
	}
	for _, b := range blocks {
		snippet, _, _ := strings.Cut(b, "```")
		if !strings.Contains(string(example), snippet) {
			t.Errorf("this snippet of the README is not in example_test.go:\n%s", snippet)
		}
	}
}
