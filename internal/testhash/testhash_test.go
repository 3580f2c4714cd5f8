package testhash_test

import (
	"testing"

	"github.com/doorward/doorward/internal/testhash"
)

func TestOnlyAllowGivesPermission(t *testing.T) {
	if (testhash.Token{}).Allowed() {
		t.Error("the zero token is a permission")
	}
	if !testhash.Allow().Allowed() {
		t.Error("Allow gave no permission")
	}
}
