package twofactor

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text { return map[string]doorward.Text{} }
