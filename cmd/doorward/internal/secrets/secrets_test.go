package secrets_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/secrets"
)

func TestManyFindOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doorward.secrets")
	const n = 32
	var wg sync.WaitGroup
	var mu sync.Mutex
	makers, seen := 0, map[string]int{}
	for range n {
		wg.Go(func() {
			vars, made, err := secrets.Ensure(path)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprint(vars)]++
			if made {
				makers++
			}
		})
	}
	wg.Wait()
	if makers != 1 || len(seen) != 1 {
		t.Errorf("%d made it, %d versions were read", makers, len(seen))
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	vars, made, err := secrets.Ensure(path)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	key, salt := vars["SECRET_KEY"], vars["SECURITY_PASSWORD_SALT"]
	totp, _ := vars["SECURITY_TOTP_SECRETS"].(map[string]any)
	if k, _ := key.(string); len(k) != 64 || key == salt || totp["1"] == nil || totp["1"] == key {
		t.Errorf("%v", vars)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again, made, err := secrets.Ensure(path)
	if err != nil || made || again["SECRET_KEY"] != key {
		t.Errorf("the second time: %v %v", made, err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by the group": {"SECRET_KEY = 'x'", 0o640, "chmod 600"},
		"readable by all":       {"SECRET_KEY = 'x'", 0o604, "chmod 600"},
		"damaged":               {"SECRET_KEY = hush-hush", 0o600, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, _, err := secrets.Ensure(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v", err)
			}
		})
	}
	if _, _, err := secrets.Ensure(filepath.Join(t.TempDir(), "no", "s")); err == nil {
		t.Error("a directory that is not there")
	}
}
