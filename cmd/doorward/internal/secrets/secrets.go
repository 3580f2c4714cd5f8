// Package secrets keeps the secrets that nobody configured in a file of their
// own, made at the first start.
package secrets

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/BurntSushi/toml"
)

// sizeMax bounds what is read: the file has a few lines.
const sizeMax = 1 << 16

// Ensure returns what the file holds, by setting name, and whether it was made
// just now. Of any number of processes that find no file, one makes it and all
// read the same. A file that others than its owner can read is refused
// (ASVS 13.3.1).
func Ensure(path string) (vars map[string]any, made bool, err error) {
	vars, err = read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return vars, false, err
	}
	if made, err = create(path); err != nil {
		return nil, false, err
	}
	vars, err = read(path)
	return vars, made, err
}

func read(path string) (vars map[string]any, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %04o: others than its owner can get at the secrets; run: chmod 600 %[1]s", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, sizeMax))
	if err != nil {
		return nil, err
	}
	if err := toml.Unmarshal(text, &vars); err != nil {
		return nil, fmt.Errorf("%s is damaged: put a copy of it back", path) // the cause may quote a secret
	}
	return vars, nil
}

// create writes a whole file beside path and gives it the name, which only one
// can: a link, unlike a rename, never takes the place of a file that is there.
func create(path string) (made bool, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".doorward.secrets-*") // mode 0600
	if err != nil {
		return false, fmt.Errorf("make %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.WriteString(fresh())
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return false, fmt.Errorf("make %s: %w", path, err)
	}
	err = os.Link(tmp.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("make %s: %w", path, err)
	}
	return true, nil
}

// fresh is the text of a new file: three secrets of 256 bits.
func fresh() string {
	return "# Secrets of this doorward server, made at its first start.\n" +
		"# Back this file up with the database, and keep it from everybody else.\n" +
		"# Without it nobody is signed in any more, no password matches, and the\n" +
		"# second factors of all accounts are lost.\n\n" +
		"SECRET_KEY = \"" + random() + "\"\n" +
		"SECURITY_PASSWORD_SALT = \"" + random() + "\"\n\n" +
		"[SECURITY_TOTP_SECRETS]\n1 = \"" + random() + "\"\n"
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}
