package doorward_test

import (
	"testing"

	kit "github.com/doorward/doorward/doorwardtest"
)

func TestRouteMatrix(t *testing.T) {
	t.Run("batteries", func(t *testing.T) { kit.RouteMatrix(t, kit.New(t, kit.Everything)) })
	t.Run("second factor", func(t *testing.T) { kit.RouteMatrix(t, withFeatures(t, nil, newSecond("second", "app"))) })
}

func TestTokenMatrix(t *testing.T) { kit.TokenMatrix(t, kit.Everything) }

func TestTypeFuzz(t *testing.T) {
	kit.TypeFuzz(t, kit.New(t, kit.Everything))
}
