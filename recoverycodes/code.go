package recoverycodes

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

const (
	codeBytes  = 6  // 48 bits of chance: at least 20 are asked for (ASVS 6.5.4)
	longestTry = 64 // bytes of what is typed that are looked at
)

// newCode returns a random code: xxxx-xxxx-xxxx, in lower-case hexadecimal.
func newCode() string {
	b := make([]byte, codeBytes)
	_, _ = rand.Read(b) // never fails
	s := hex.EncodeToString(b)
	return s[:4] + "-" + s[4:8] + "-" + s[8:]
}

// newCodes returns a set of codes, and what is stored of it.
func (f *Feature) newCodes() (plain, sealed []string, err error) {
	for range f.cfg.N {
		code := newCode()
		stored, err := f.vault.Seal([]byte(code))
		if err != nil {
			return nil, nil, fmt.Errorf("seal a recovery code: %w", err)
		}
		plain, sealed = append(plain, code), append(sealed, stored)
	}
	return plain, sealed, nil
}

// entry is a stored code and what it opens to.
type entry struct{ stored, code string }

// open returns those of a user's stored codes that can be opened. The others
// stay where they are: their key may come back.
func (f *Feature) open(ctx context.Context, stored []string) []entry {
	out := make([]entry, 0, len(stored))
	for _, s := range stored {
		code, err := f.vault.Open(s)
		if err != nil {
			f.unreadable.Do(func() {
				f.rt.Logger().WarnContext(ctx, "a recovery code cannot be opened, and counts as none; this is not said again", "err", err)
			})
			continue
		}
		if clean(string(code)) != "" {
			out = append(out, entry{s, string(code)})
		}
	}
	return out
}

func plainCodes(have []entry) []string {
	out := make([]string, len(have))
	for i, e := range have {
		out[i] = e.code
	}
	return out
}

// clean returns a code without what people add or leave out when they copy it:
// spaces, dashes, and the case of letters. It is "" for what is too long for one.
func clean(typed string) string {
	if len(typed) > longestTry {
		return ""
	}
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.White_Space, unicode.Pd, unicode.Cf) {
			return -1
		}
		return r
	}, typed))
}

// match returns the entry that typed is the code of. It compares with all of
// them, and hashes, so that the time says nothing about any of them.
func match(have []entry, typed string) (found entry, ok bool) {
	want := sha256.Sum256([]byte(clean(typed)))
	for _, e := range have {
		got := sha256.Sum256([]byte(clean(e.code)))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			found, ok = e, true
		}
	}
	return found, ok
}
