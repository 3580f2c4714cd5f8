package doorward_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/memstore"
)

type member struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

func TestNewEmpty(t *testing.T) {
	st := memstore.New[member]()
	s, err := doorward.New(doorward.Config{Stores: doorward.StoresFrom(st), SecretKey: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close(t.Context())
}
