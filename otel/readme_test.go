package doorwardotel_test

import (
	"os"
	"strings"
	"testing"
)

// Every Go snippet about this package stands in the example, which runs.
func TestSnippets(t *testing.T) {
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "../docs/observability.md"} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, b := range strings.Split(string(page), "```go\n")[1:] {
			snippet, _, _ := strings.Cut(b, "```")
			if !strings.Contains(snippet, "doorwardotel.") {
				continue
			}
			found = true
			if !strings.Contains(string(example), snippet) {
				t.Errorf("this snippet of %s is not in example_test.go:\n%s", name, snippet)
			}
		}
		if !found {
			t.Errorf("%s has no snippet", name)
		}
	}
}
