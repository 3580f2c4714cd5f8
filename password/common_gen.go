//go:build ignore

// Command common_gen writes common.txt: the 3000 most frequent passwords of eight or
// more characters in the frequency list that the zxcvbn module ships.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	count  = 3000 // ASVS 6.2.4
	length = 8
)

func main() {
	const module = "github.com/trustelem/zxcvbn"
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		log.Fatal(err)
	}
	list, err := os.Open(filepath.Join(strings.TrimSpace(string(dir)), "data", "passwords.txt"))
	if err != nil {
		log.Fatal(err)
	}
	defer list.Close()
	var out bytes.Buffer
	fmt.Fprintf(&out, "# The %d most frequent passwords of %d or more characters, commonest first, from\n", count, length)
	fmt.Fprintf(&out, "# data/passwords.txt of %s (MIT License, Copyright (c) 2018\n# Vincent Vanackere and Trustelem).\n", module)
	for n, in := 0, bufio.NewScanner(list); n < count && in.Scan(); {
		word, _, _ := strings.Cut(in.Text(), " ")
		if len(word) >= length {
			fmt.Fprintln(&out, word)
			n++
		}
	}
	if err := os.WriteFile("common.txt", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
