package bmc

import "testing"

// BenchmarkInventory reads all there is about a server, with $expand and one by one.
func BenchmarkInventory(b *testing.B) {
	for name, expand := range map[string]bool{"expanded": true, "plain": false} {
		b.Run(name, func(b *testing.B) {
			f := newFake(b)
			furnish(f)
			if expand {
				f.offerExpand()
			}
			countRequests(b, f, func(bmc *BMC) error {
				_, err := bmc.Inventory(b.Context())
				return err
			})
		})
	}
}

// BenchmarkPowerReading polls one server's consumption.
func BenchmarkPowerReading(b *testing.B) {
	countRequests(b, metered(b, fullPower(), nil), func(bmc *BMC) error {
		_, err := bmc.PowerReading(b.Context())
		return err
	})
}

// countRequests reports how many requests an operation takes once it knows where to look.
func countRequests(b *testing.B, f *fake, operation func(*BMC) error) {
	b.Helper()
	bmc := f.connect(b)
	if err := operation(bmc); err != nil {
		b.Fatal(err)
	}
	before := f.gets()
	for b.Loop() {
		if err := operation(bmc); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(f.gets()-before)/float64(b.N), "requests/op")
}
