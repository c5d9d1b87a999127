package bmc

import (
	"context"
	"net/http"
	"time"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

const (
	opPower    = "read power consumption"
	placePower = "power"
)

// PowerReading is what a server consumes, in watts. What the BMC does not tell is nil.
type PowerReading struct {
	// Time is when the BMC answered, by its own clock; zero when it does not say.
	Time time.Time `json:"time"`
	// Consumed is the present input power.
	Consumed float64 `json:"consumed"`
	// Capacity is what the power supplies can deliver.
	Capacity *float64 `json:"capacity,omitempty"`
	// Min, Average and Max are over the Interval that ends now.
	Min      *float64      `json:"min,omitempty"`
	Average  *float64      `json:"average,omitempty"`
	Max      *float64      `json:"max,omitempty"`
	Interval time.Duration `json:"interval,omitempty"`
}

// powerDoc is a Power resource or the EnvironmentMetrics that newer firmware has instead.
type powerDoc struct {
	PowerControl    []powerControlDoc
	PowerWatts      struct{ Reading *float64 }
	PowerLimitWatts *setPointDoc

	etag string
	date string
}

type powerControlDoc struct {
	Consumed *float64 `json:"PowerConsumedWatts"`
	Capacity *float64 `json:"PowerCapacityWatts"`
	Metrics  struct {
		Min      *float64 `json:"MinConsumedWatts"`
		Average  *float64 `json:"AverageConsumedWatts"`
		Max      *float64 `json:"MaxConsumedWatts"`
		Interval float64  `json:"IntervalInMin"`
	} `json:"PowerMetrics"`
	Limit *struct {
		Watts *float64 `json:"LimitInWatts"`
	} `json:"PowerLimit"`
}

func (d *powerDoc) measures() bool {
	return d.PowerWatts.Reading != nil || len(d.PowerControl) > 0 && d.PowerControl[0].Consumed != nil
}

// reading takes the first PowerControl, which is the whole server's.
func (d *powerDoc) reading() PowerReading {
	r := PowerReading{Time: httpTime(d.date)}
	if len(d.PowerControl) == 0 || d.PowerControl[0].Consumed == nil {
		r.Consumed = *d.PowerWatts.Reading
		return r
	}
	control := d.PowerControl[0]
	r.Consumed, r.Capacity = *control.Consumed, control.Capacity
	r.Min, r.Average, r.Max = control.Metrics.Min, control.Metrics.Average, control.Metrics.Max
	r.Interval = time.Duration(control.Metrics.Interval * float64(time.Minute))
	return r
}

func httpTime(text string) time.Time {
	at, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// PowerReading reads the server's power consumption: with one request, except the first
// time. A server whose supplies cannot measure is refused; one that has no value for the
// moment is Transient.
func (b *BMC) PowerReading(ctx context.Context) (PowerReading, error) {
	uri, err := b.findPower(ctx, opPower)
	if err != nil {
		return PowerReading{}, err
	}
	doc, err := b.power(ctx, opPower, uri)
	if hasStatus(err, http.StatusNotFound) {
		b.misplaced(placePower)
	}
	if err != nil {
		return PowerReading{}, err
	}
	if !doc.measures() {
		return PowerReading{}, &Error{Outcome: Transient, Op: opPower, Server: b.cfg.Server, Message: "the BMC has no reading now"}
	}
	return doc.reading(), nil
}

// findPower returns where the consumption is read.
func (b *BMC) findPower(ctx context.Context, op string) (string, error) {
	return b.place(placePower, func() (string, error) {
		doc, err := b.chassisLinks(ctx, op)
		if err != nil {
			return "", err
		}
		for _, uri := range []string{doc.Power.URI, doc.EnvironmentMetrics.URI} {
			if uri == "" {
				continue
			}
			power, err := b.power(ctx, op, uri)
			if err != nil && OutcomeOf(err) != Permanent {
				return "", err
			}
			if err == nil && power.measures() {
				return uri, nil
			}
		}
		return "", b.refuse(op, "the BMC measures no power consumption", "its power supplies or its licence may not cover this")
	})
}

// chassisDoc links to what is measured and controlled.
type chassisDoc struct {
	Power              link
	EnvironmentMetrics link
	Controls           link
	Thermal            link
	Sensors            link
}

func (b *BMC) chassisLinks(ctx context.Context, op string) (*chassisDoc, error) {
	uri, err := b.findChassis(ctx, op)
	if err != nil {
		return nil, err
	}
	doc := new(chassisDoc)
	_, err = b.get(ctx, op, uri, doc)
	return doc, err
}

// power reads a resource together with the BMC's time, which the resource has not.
func (b *BMC) power(ctx context.Context, op, uri string) (*powerDoc, error) {
	if err := b.checkURI(op, uri); err != nil {
		return nil, err
	}
	doc := new(powerDoc)
	err := b.call(ctx, b.failure(op), func(c *gofish.APIClient) error {
		resp, err := c.Get(uri) //nolint:bodyclose // closed by gofish's own clean-up
		if err != nil {
			return err
		}
		defer schemas.DeferredCleanupHTTPResponse(resp)
		doc.etag, doc.date = resp.Header.Get("ETag"), resp.Header.Get("Date")
		return decode(resp.Body, doc)
	})
	return doc, err
}
