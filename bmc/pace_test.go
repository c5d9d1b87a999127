package bmc

import (
	"reflect"
	"testing"
	"time"
)

// TestPaceTimes goes through all waits: one that is not multiplied would hold up every
// test against a simulator.
func TestPaceTimes(t *testing.T) {
	t.Parallel()
	slow := reflect.ValueOf(realPace().times(2))
	quick := reflect.ValueOf(realPace().times(0.001))
	of := reflect.ValueOf(realPace())
	for i := range of.NumField() {
		name, was := of.Type().Field(i).Name, of.Field(i).Int()
		if of.Field(i).Type() != reflect.TypeFor[time.Duration]() {
			if quick.Field(i).Int() != was {
				t.Errorf("%s is a count, and has changed from %d to %d", name, was, quick.Field(i).Int())
			}
			continue
		}
		if got := slow.Field(i).Int(); got != 2*was {
			t.Errorf("%s at pace 2 is %s, not twice %s", name, time.Duration(got), time.Duration(was))
		}
		if got := quick.Field(i).Int(); got != was/1000 && got != int64(briefest) {
			t.Errorf("%s at pace 0.001 is %s, of %s", name, time.Duration(got), time.Duration(was))
		}
	}
}

func TestPoolPace(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for factor, want := range map[float64]time.Duration{0: realPace().poll, 1: realPace().poll, 0.5: realPace().poll / 2} {
		pool := &Pool{Pace: factor}
		b, err := pool.Get(t.Context(), f.config())
		if err != nil {
			t.Fatal(err)
		}
		if b.pace.poll != want {
			t.Errorf("at pace %v a BMC is looked at every %s, want %s", factor, b.pace.poll, want)
		}
		if err := pool.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
