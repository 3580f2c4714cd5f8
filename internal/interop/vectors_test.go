package interop_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const testdata = "../../flaskcompat/testdata"

// The vectors of flaskcompat are what the original's libraries write.
func TestRowsVectors(t *testing.T) {
	fresh := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), python(t), filepath.Join(testdata, "make.py"), fresh).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files, err := filepath.Glob(testdata + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run("no database/vectors of "+name+"/python to doorward", func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(fresh, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what its script writes", name)
			}
		})
	}
}
