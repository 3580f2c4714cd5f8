package codes_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/codes"
)

const (
	keyA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	keyB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func vault(t testing.TB, secrets map[string]string) codes.Vault {
	t.Helper()
	v, err := codes.NewVault(secrets, "test")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func seal(t testing.TB, v codes.Vault, plain string) string {
	t.Helper()
	stored, err := v.Seal([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestVault(t *testing.T) {
	v := vault(t, map[string]string{"1": keyA})
	for _, plain := range []string{"", "x", "12345678901234567890", strings.Repeat("\x00\xff", 1000)} {
		stored := seal(t, v, plain)
		if again := seal(t, v, plain); again == stored {
			t.Error("what is sealed twice is the same")
		}
		if plain != "" && plain != "x" && strings.Contains(stored, plain) {
			t.Errorf("%q holds what it seals", stored)
		}
		if got, err := v.Open(stored); err != nil || string(got) != plain {
			t.Errorf("%q: %q, %v", plain, got, err)
		}
	}
	longest := vault(t, map[string]string{strings.Repeat("t", 64): keyA})
	if stored := seal(t, longest, strings.Repeat("k", 32)); len(stored) > 255 {
		t.Errorf("%d characters do not fit a VARCHAR(255)", len(stored))
	}
}

// The highest tag seals, and every tag opens.
func TestVaultTags(t *testing.T) {
	for _, tt := range []struct {
		tags []string
		want string
	}{
		{[]string{"1"}, "1"},
		{[]string{"2", "10"}, "10"},
		{[]string{"9", "010", "8"}, "010"},
		{[]string{"1", "01", "001"}, "1"},
		{[]string{"0", "00"}, "00"},
		{[]string{"99999999999999999999", "100000000000000000000"}, "100000000000000000000"},
		{[]string{"2025-12", "2026-01"}, "2026-01"},
		{[]string{"a", "b", "B"}, "b"},
		{[]string{"10", "9", "1a"}, "9"}, // one is no number: none is
		{[]string{"2", "10", "x"}, "x"},
		{[]string{"v2", "v10"}, "v2"},
	} {
		secrets := map[string]string{}
		for _, tag := range tt.tags {
			secrets[tag] = keyA + tag
		}
		for range 20 { // maps are in no order
			stored := seal(t, vault(t, maps.Clone(secrets)), "plain")
			if got, _, _ := strings.Cut(stored, "."); got != tt.want {
				t.Fatalf("%q: %q seals, want %q", tt.tags, got, tt.want)
			}
		}
		for _, tag := range tt.tags {
			old := seal(t, vault(t, map[string]string{tag: secrets[tag]}), "plain")
			if got, err := vault(t, secrets).Open(old); err != nil || string(got) != "plain" {
				t.Errorf("%q: what %q sealed is %q, %v", tt.tags, tag, got, err)
			}
		}
	}
}

// What was not sealed here, for this, with a key that is still there, does not open.
func TestVaultRefuses(t *testing.T) {
	v := vault(t, map[string]string{"1": keyA, "2": keyB})
	stored := seal(t, v, "plain")
	_, text, _ := strings.Cut(stored, ".")
	other, err := codes.NewVault(map[string]string{"1": keyA, "2": keyB}, "another purpose")
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"nothing": "", "a dot": ".", "a tag": "2", "a tag and a dot": "2.", "no tag": text, "an empty tag": "." + text,
		"another key's tag": "1." + text, "an unknown tag": "3." + text, "a tag twice": "2." + stored, "a space": " " + stored,
		"a line break": stored + "\n", "padding": stored + "=", "cut": stored[:len(stored)-1], "longer": stored + "A",
		"another purpose": seal(t, other, "plain"), "another application's": seal(t, vault(t, map[string]string{"2": keyA}), "plain"),
		"the original's": `{"enckey":{"c":14,"k":"2LWCSRQ4BKWOZFU7L6NMGXSM3SPC3E3B","s":"MFRGGZDFMZTWQ2LKNNWA","t":"1","v":1},"type":"totp","v":1}`,
		"very long":      "2." + strings.Repeat("A", 1<<20),
	}
	for i := range text {
		swap := byte('A')
		if text[i] == swap {
			swap = 'B'
		}
		bad["character "+string(rune('0'+i))] = "2." + text[:i] + string(swap) + text[i+1:]
	}
	for name, s := range bad {
		got, err := v.Open(s)
		if err == nil || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		} else if strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error holds what was stored: %v", name, err)
		}
	}
	gone := vault(t, map[string]string{"1": keyA})
	if _, err := gone.Open(stored); err == nil {
		t.Error("opened without its key")
	}
}

// Errors name the tag, and print no key, not even one that took a tag's place.
func TestVaultKeys(t *testing.T) {
	const long = "VH2rTzTn5PvyK8MIqTgZCTbTkSkLQpfH9b3YpJQZ"
	for name, tt := range map[string]struct {
		secrets map[string]string
		says    string
	}{
		"none":               {nil, "no key"},
		"empty":              {map[string]string{}, "no key"},
		"a short key":        {map[string]string{"1": "short secret"}, `"1"`},
		"no key at all":      {map[string]string{"1": keyA, "2": ""}, `"2"`},
		"a dot in a tag":     {map[string]string{"1.5": keyA}, `"1.5"`},
		"an empty tag":       {map[string]string{"": keyA}, `""`},
		"a line break":       {map[string]string{"1\n": keyA}, `"1\n"`},
		"another script":     {map[string]string{"１": keyA}, `"１"`},
		"a dash first":       {map[string]string{"-1": keyA}, `"-1"`},
		"65 characters":      {map[string]string{strings.Repeat("t", 65): keyA}, "65"},
		"tag and key change": {map[string]string{long: "1"}, "of 40 characters"},
		"and are no tag":     {map[string]string{long + "=": "1"}, "of 41 characters"},
	} {
		_, err := codes.NewVault(tt.secrets, "test")
		if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "TOTP_SECRETS") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, secret := range append(slices.Collect(maps.Values(tt.secrets)), long) {
			if len(secret) > 1 && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: a key is in the error: %v", name, err)
			}
		}
	}
}

func FuzzVaultOpen(f *testing.F) {
	v := vault(f, map[string]string{"1": keyA, "new": keyB})
	good := seal(f, v, "plain")
	for _, s := range []string{good, "", ".", "1.", "new.AAAA", "1." + strings.Repeat("A", 80), good + ".", "\xff.\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		got, err := v.Open(stored)
		if err == nil && !bytes.Equal(got, []byte("plain")) { // nothing else was ever sealed with these keys
			t.Errorf("%q opens: %q", stored, got)
		}
	})
}
