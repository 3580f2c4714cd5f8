package doorwardotel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/memstore"
	doorwardotel "github.com/doorward/doorward/otel"
)

type User struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

func newHandler(provider metric.MeterProvider, stores doorward.Stores, secretKey []byte) (http.Handler, error) {
	meter, err := doorwardotel.New(provider)
	if err != nil {
		return nil, err
	}
	cfg := batteries.Config{}
	cfg.Stores, cfg.SecretKey, cfg.Meter = stores, secretKey, meter
	app, err := batteries.New(cfg)
	if err != nil {
		return nil, err
	}
	return app.Handler(http.NotFoundHandler()), nil // around it: otelhttp.NewHandler(handler, "app")
}

func Example() {
	// A program has an exporter in place of the manual reader.
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	handler, err := newHandler(provider, doorward.StoresFrom(memstore.New[User]()), []byte("sixteen random bytes, or more"))
	if err != nil {
		fmt.Println(err)
		return
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/login", nil))

	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if h, ok := m.Data.(metricdata.Histogram[float64]); ok {
			p := h.DataPoints[0]
			route, _ := p.Attributes.Value("route")
			status, _ := p.Attributes.Value("status")
			fmt.Println(m.Name, m.Unit, route.AsString(), status.AsInt64(), p.Count)
		}
	}
	// Output: doorward.request s login 200 1
}
