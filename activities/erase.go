package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// eraseLimit is how long a drive may take that has to be overwritten.
const eraseLimit = 24 * time.Hour

// driveErase destroys all data on one drive. It takes two keys: option drive names it
// by the serial number on its label, and option confirm lists it too. In a graph the
// one comes from who starts the run and the other from who approves it.
func driveErase(ctx context.Context, c *call, t machine, o struct {
	Drive   string   `json:"drive"`
	Confirm []string `json:"confirm"`
},
) (any, error) {
	if o.Drive == "" {
		return nil, permanent(errors.New("option drive is required: the serial number of the drive to erase"))
	}
	if !slices.Contains(o.Confirm, o.Drive) {
		return nil, permanent(fmt.Errorf("%s: drive %s is not erased: option confirm does not list its serial number", t, o.Drive))
	}
	drives, err := t.EraseTargets(ctx, []string{o.Drive})
	if err != nil {
		return nil, err
	}
	_, err = c.follow(ctx, t.BMC, deviceWork{
		what: "erase drive " + o.Drive, once: true, limit: eraseLimit,
		start: func(ctx context.Context) (string, error) { return t.StartSecureErase(ctx, drives[0]) },
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"drive": drives[0]}, nil
}
