package interop_test

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// patience bounds everything that is waited for.
	patience = 60 * time.Second
	// lastWords is how much of what a process said a failed test shows.
	lastWords = 8 << 10
)

// launch starts a process and returns the first line that it prints, by which it
// says that it is ready. stop asks it to end, after the test.
func launch(t *testing.T, name string, cmd *exec.Cmd, stop func() error) string {
	t.Helper()
	var said buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Logf("stop %s: %v", name, err)
		}
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil {
			t.Logf("%s ended: %v", name, err)
		}
		if t.Failed() {
			t.Logf("what %s says:\n%s", name, said.last(lastWords))
		}
	})
	first := make(chan string, 1)
	go func() {
		r := bufio.NewReader(out)
		line, _ := r.ReadString('\n') // an end without a line is an empty one
		first <- strings.TrimSpace(line)
		_, _ = io.Copy(io.Discard, r)
	}()
	select {
	case line := <-first:
		if line != "" {
			return line
		}
		t.Fatalf("%s does not start", name)
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatalf("%s has not started in time", name)
	}
	return ""
}

// buffer is a bytes.Buffer that two goroutines may use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) last(n int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.b.String()
	return text[max(0, len(text)-n):]
}
