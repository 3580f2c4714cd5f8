package batteries_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadme: every Go snippet of the documents stands in an example, which runs.
func TestReadme(t *testing.T) {
	for document, file := range map[string]string{"../README.md": "example_test.go", "../docs/second-factors.md": "example_factors_test.go",
		"../docs/from-flask.md": "example_flask_test.go"} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		example, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split(string(text), "```go\n")[1:]
		if len(blocks) == 0 {
			t.Fatalf("%s has no Go snippet", document)
		}
		for _, b := range blocks {
			snippet, _, _ := strings.Cut(b, "```")
			if !strings.Contains(string(example), snippet) {
				t.Errorf("this snippet of %s is not in %s:\n%s", document, file, snippet)
			}
		}
	}
}
