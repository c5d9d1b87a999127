package e2e

import (
	"bytes"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rackflow/rackflow/sim"
)

// TestNoSecretInClear deploys a server whose BMC password is known and looks for
// it in the whole event history, in every file of the data folder, in the log and
// in what the API answers; and for the tokens of media and callback URLs.
func TestNoSecretInClear(t *testing.T) {
	t.Parallel()
	const password = "correct-horse-battery"
	fleet := startFleet(t, sim.Config{Password: password, Timing: slow})
	s := fleet.Servers()[0]
	e := startEngine(t, "--verbose")
	e.putImage("boot.iso")
	node := e.addServerAs(s.Tag(), s.URL(), s.Fingerprint(), password)
	id := e.startOn(node, "Graph.Deploy.VirtualMedia", deployOptions("web-1"))
	if got := e.awaitRun(id, deployLimit); got.Status != "succeeded" {
		t.Fatalf("run %+v", got)
	}
	secrets := []string{password}
	for image := range told(s, sim.InsertMedia, "image") {
		secrets = append(secrets, strings.Split(image, "/")[4])
	}
	if len(secrets) != 3 {
		t.Fatalf("want the tokens of two images: %v", secrets)
	}
	seen := map[string][]byte{"event history": history(t, e, id), "log": []byte(e.stderr.String())}
	for _, path := range []string{"/workflows", "/workflows/" + id, "/nodes", "/nodes/" + node, "/nodes/" + node + "/workflows", "/obms", "/nodes/" + node + "/obm"} {
		status, body := e.raw(http.MethodGet, path, "")
		if status != http.StatusOK {
			t.Errorf("GET %s: %d %s", path, status, body)
		}
		seen["GET "+path] = []byte(body)
	}
	e.kill()
	maps.Copy(seen, files(t, e.dir))
	for where, data := range seen {
		for _, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds a secret in clear", where)
			}
		}
	}
	if !bytes.Contains(seen["event history"], []byte("Job.Media.Insert")) {
		t.Error("the history is not that of a deploy run: the test would find nothing")
	}
}

// history returns a run's events as JSON, with every payload decoded.
func history(t *testing.T, e *engine, id string) []byte {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: e.temporal()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	workflowID, runID, _ := strings.Cut(id, ".")
	events := c.GetWorkflowHistory(t.Context(), workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var all bytes.Buffer
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		data, err := protojson.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
		all.WriteString(event.String()) // payloads are base64 in JSON, and text here
	}
	return all.Bytes()
}

// temporal is the address of the engine's Temporal.
func (e *engine) temporal() string {
	for i, arg := range e.args {
		if arg == "--temporal-listen" {
			return e.args[i+1]
		}
	}
	return ""
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
