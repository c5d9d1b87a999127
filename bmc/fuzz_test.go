package bmc

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stmcginnis/gofish/schemas"
)

// FuzzErrorBody: whatever a BMC answers, the error has an outcome, is one printable
// line of bounded length, and does not repeat the password.
func FuzzErrorBody(f *testing.F) {
	f.Add(500, []byte(`{"error":{"code":"Base.1.12.GeneralError","message":"x","@Message.ExtendedInfo":[{"MessageId":"IDRAC.2.8.VRM0009","Message":"y"}]}}`))
	f.Add(400, []byte(`{"error":{"code":7,"@Message.ExtendedInfo":{"MessageId":"RAC0720"}}}`))
	f.Add(503, []byte("<html>\n"+secret+"</html>"))
	f.Add(401, []byte(`{"error":{"code":"`+secret+`","message":"`+secret+`"}}`))
	f.Add(400, []byte(`{"error":{"code":"Base.1.12.\u001b[2J","message":"a\u001b[2Jb"}}`))
	f.Add(503, []byte(nil))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 300 || status > 599 {
			t.Skip("no error status")
		}
		err := failure{server: "r1", op: "op", secrets: []string{secret}}.of(t.Context(), schemas.ConstructError(status, body))
		if OutcomeOf(err) == Done {
			t.Error("an error is done")
		}
		text := err.Error()
		if strings.Contains(text, secret) {
			t.Errorf("the password is in %q", text)
		}
		if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) || len(text) > 4*maxMessage {
			t.Errorf("not a line for a log: %q", text)
		}
	})
}

// FuzzDecode: a document is decoded or refused, never a panic, and a refused one
// leaves nothing that an operation would act upon.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"@odata.id":"/x","Boot":{"BootSourceOverrideTarget":["odd"]},"Links":{"ManagedBy":[{"@odata.id":"/m"}]}}`))
	f.Add([]byte(`{"Inserted":"yes","MediaTypes":"CD","Image":7}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"PowerState":"On"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var system systemDoc
		if err := decode(bytes.NewReader(body), &system); err == nil {
			if boot := system.Boot.override(); boot.Target == "" || boot.Enabled == "" {
				t.Errorf("half an override: %+v", boot)
			}
			system.lastReset()
		}
		var media mediaDoc
		if err := decode(bytes.NewReader(body), &media); err == nil && media.holds("") != (media.isInserted() && media.Image == "") {
			t.Error("holds disagrees with its parts")
		}
	})
}

// FuzzEndpoint: an accepted endpoint is https, bare, and accepted again.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"https://10.0.0.1", "https://bmc:8443/", "https://u:p@h", "http://h", "https://[::1]:443", "https://h?x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		bare, err := checkEndpoint(endpoint)
		if err != nil {
			return
		}
		if !strings.HasPrefix(bare, "https://") || strings.ContainsAny(bare[len("https://"):], "/@?#") {
			t.Errorf("%q gives %q", endpoint, bare)
		}
		if again, err := checkEndpoint(bare); err != nil || again != bare {
			t.Errorf("%q gives %q and then %q, %v", endpoint, bare, again, err)
		}
	})
}

func FuzzParsePin(f *testing.F) {
	f.Add(strings.Repeat("ab", 32))
	f.Add("AB:cd")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePin(text)
		if err != nil {
			return
		}
		if again, err := parsePin(p.String()); err != nil || again != p {
			t.Errorf("%q does not survive: %v", text, err)
		}
	})
}
