package main

import (
	"runtime"
	"strings"
	"testing"
)

func TestServeWarnsOfHashesBeyondTheMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of other systems is not known")
	}
	const warning = "SECURITY_PASSWORD_HASH_MEMORY lets hashes occupy 1048576 MiB"
	l := start(t, t.TempDir(), "SECURITY_PASSWORD_HASH_MEMORY=1048576")
	if !strings.Contains(l.log.String(), warning) {
		t.Errorf("no warning: %s", l.log)
	}
	if l = start(t, t.TempDir(), "SECURITY_PASSWORD_HASH_MEMORY=20"); strings.Contains(l.log.String(), "lets hashes occupy") {
		t.Errorf("a warning without a reason: %s", l.log)
	}
}
