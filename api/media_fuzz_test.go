package api_test

import (
	"testing"
	"unicode/utf8"

	"github.com/rackflow/rackflow/api"
)

// FuzzInstallerEvent reads what anybody on the network may post.
func FuzzInstallerEvent(f *testing.F) {
	for _, seed := range []string{`{"value":40,"message":"installing"}`, `{"value":-1}`, `{"value":1e9}`, `[]`, "plain \xff text", "", `{"message":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		event := api.InstallerEvent("progress", body)
		if event.Event != "progress" || event.Value < 0 || event.Value > 100 || len(event.Message) > api.MaxMessage || !utf8.ValidString(event.Message) {
			t.Errorf("%q became %+v", body, event)
		}
	})
}
