package bmc

import (
	"context"
)

const (
	opLED    = "read identify light"
	opSetLED = "set identify light"
)

type ledDoc struct {
	Active    *bool   `json:"LocationIndicatorActive"`
	Indicator *string `json:"IndicatorLED"`

	etag string
}

func (d *ledDoc) lit() bool {
	if d.Active != nil {
		return *d.Active
	}
	return d.Indicator != nil && (*d.Indicator == "Blinking" || *d.Indicator == "Lit")
}

// change words it as the BMC does: newer firmware refuses the older property.
func (d *ledDoc) change(on bool) map[string]any {
	if d.Active != nil {
		return map[string]any{"LocationIndicatorActive": on}
	}
	if on {
		return map[string]any{"IndicatorLED": "Blinking"}
	}
	return map[string]any{"IndicatorLED": "Off"}
}

// IdentifyLight tells whether the light that helps to find the server is on.
func (b *BMC) IdentifyLight(ctx context.Context) (bool, error) {
	doc, _, err := b.led(ctx, opLED)
	return doc.lit(), err
}

// SetIdentifyLight turns the light that helps to find the server on or off and reads it
// back.
func (b *BMC) SetIdentifyLight(ctx context.Context, on bool) error {
	doc, uri, err := b.led(ctx, opSetLED)
	if err != nil || doc.lit() == on {
		return err
	}
	asked := b.patch(ctx, opSetLED, uri, doc.etag, doc.change(on))
	w := wait{op: opSetLED, what: "the identify light", every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		now, _, err := b.led(ctx, opSetLED)
		return err == nil && now.lit() == on, err
	})
}

// led reads the light from the system, or from the chassis where the system has none.
func (b *BMC) led(ctx context.Context, op string) (doc ledDoc, uri string, err error) {
	for _, find := range []func(context.Context, string) (string, error){b.findSystem, b.findChassis} {
		uri, err = find(ctx, op)
		if err != nil {
			return ledDoc{}, "", err
		}
		doc = ledDoc{}
		if doc.etag, err = b.get(ctx, op, uri, &doc); err != nil {
			return ledDoc{}, "", err
		}
		if doc.Active != nil || doc.Indicator != nil {
			return doc, uri, nil
		}
	}
	return ledDoc{}, "", b.refuse(op, "the server has no identify light that the BMC could switch", "")
}
