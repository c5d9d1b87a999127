package main

import (
	"fmt"
	"time"
)

// span shows how long something took, as exactly as a person wants to know.
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// stamp shows a point in time in the zone of the process.
func (a *app) stamp(t time.Time) string {
	return t.In(a.p.Now().Location()).Format(time.DateTime)
}
