package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// TestEveryOperation asks for each operation of the specification once, so one that
// has no handler, or none that answers as specified, is found.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		operation    string
		method, path string
		body         string
		status       int
	}{
		{"swaggerGet", "GET", "/swagger", "", 200},
		{"swaggerGetYaml", "GET", "/swagger.yaml", "", 200},
		{"nodesPost", "POST", "/nodes", `{"name": "web-1", "type": "compute", "identifiers": ["AA"], "relations": [{"relationType": "encloses", "targets": ["x"]}]}`, 201},
		{"nodesGet", "GET", "/nodes", "", 200},
		{"nodesGetById", "GET", "/nodes/web-1", "", 200},
		{"nodesPatchById", "PATCH", "/nodes/web-1", `{"tags": ["rack-7"]}`, 200},
		{"nodesPutObmsByNodeId", "PUT", "/nodes/web-1/obm", `{"service": "redfish-obm-service", "config": {"host": "h", "password": "p"}}`, 201},
		{"nodesGetObmsByNodeId", "GET", "/nodes/web-1/obm", "", 200},
		{"obmsPut", "PUT", "/obms", `{"nodeId": "web-1", "service": "noop-obm-service", "config": {}}`, 201},
		{"obmsGet", "GET", "/obms", "", 200},
		{"obmsGetById", "GET", "/obms/{obm}", "", 200},
		{"obmsDeleteById", "DELETE", "/obms/{obm}", "", 204},
		{"nodesGetCatalogById", "GET", "/nodes/web-1/catalogs", "", 200},
		{"nodesGetCatalogSourceById", "GET", "/nodes/web-1/catalogs/bmc", "", 200},
		{"catalogsGet", "GET", "/catalogs", "", 200},
		{"catalogsIdGet", "GET", "/catalogs/{catalog}", "", 200},
		{"nodesPatchTagById", "PATCH", "/nodes/web-1/tags", `{"tags": ["row-3"]}`, 200},
		{"nodesGetTagsById", "GET", "/nodes/web-1/tags", "", 200},
		{"nodesDelTagById", "DELETE", "/nodes/web-1/tags/row-3", "", 204},
		{"workflowsPutTask", "PUT", "/workflows/tasks", strings.ReplaceAll(waitTask, "Task.Wait", "Task.Mine"), 201},
		{"workflowsGetAllTasks", "GET", "/workflows/tasks", "", 200},
		{"workflowsGetTasksByName", "GET", "/workflows/tasks/task.mine", "", 200},
		{"workflowsPutGraphs", "PUT", "/workflows/graphs", strings.ReplaceAll(waitGraph, "Graph.Wait", "Graph.Mine"), 201},
		{"workflowsGetGraphs", "GET", "/workflows/graphs", "", 200},
		{"workflowsGetGraphsByName", "GET", "/workflows/graphs/graph.mine", "", 200},
		{"workflowsPost", "POST", "/workflows", `{"name": "Graph.Mine"}`, 201},
		{"nodesPostWorkflowById", "POST", "/nodes/web-1/workflows", `{"name": "Graph.Wait"}`, 201},
		{"workflowsGet", "GET", "/workflows", "", 200},
		{"workflowsGetByInstanceId", "GET", "/workflows/run-0.abc", "", 200},
		{"workflowsGetPrompts", "GET", "/workflows/run-0.abc/prompts", "", 200},
		{"workflowsPostAnswer", "POST", "/workflows/run-0.abc/prompts/ask", `{"answer": {"disk": "sda"}}`, 204},
		{"promptsGet", "GET", "/prompts", "", 200},
		{"workflowsAction", "PUT", "/workflows/run-0.abc/action", `{"command": "cancel"}`, 202},
		{"workflowsDeleteByInstanceId", "DELETE", "/workflows/run-0.abc", "", 204},
		{"nodesGetWorkflowById", "GET", "/nodes/web-1/workflows", "", 200},
		{"nodesWorkflowActionById", "PUT", "/nodes/web-1/workflows/action", `{"command": "cancel"}`, 202},
		{"workflowsDeleteGraphsByName", "DELETE", "/workflows/graphs/Graph.Mine", "", 204},
		{"workflowsDeleteTasksByName", "DELETE", "/workflows/tasks/Task.Mine", "", 204},
		{"skusPost", "POST", "/skus", `{"name": "r760", "rules": [{"path": "bmc.model", "equals": "R760"}]}`, 201},
		{"skusPut", "PUT", "/skus", `{"name": "r760", "rules": [{"path": "bmc.model"}], "discoveryGraphName": "Graph.Wait"}`, 201},
		{"skusGet", "GET", "/skus", "", 200},
		{"skusIdGet", "GET", "/skus/{sku}", "", 200},
		{"skusPatch", "PATCH", "/skus/{sku}", `{"skuConfig": {"disk": "sda"}}`, 200},
		{"skusIdGetNodes", "GET", "/skus/{sku}/nodes", "", 200},
		{"skusIdDelete", "DELETE", "/skus/{sku}", "", 204},
		{"createTag", "POST", "/tags", `{"name": "row-4", "rules": [{"path": "bmc.row", "in": [4]}]}`, 201},
		{"getAllTags", "GET", "/tags", "", 200},
		{"getTag", "GET", "/tags/row-4", "", 200},
		{"getNodesByTag", "GET", "/tags/rack-7/nodes", "", 200},
		{"deleteTag", "DELETE", "/tags/row-4", "", 204},
		{"nodesDelById", "DELETE", "/nodes/web-1", "", 204},
		{"imagesGet", "GET", "/images", "", 200},
		{"imagesGetByName", "GET", "/images/rhel.iso", "", 200},
		{"imagesCustomize", "POST", "/images/rhel.iso/customize", customization, 200},
		{"imagesDeleteByName", "DELETE", "/images/rhel.iso", "", 204},
		{"imagesPost", "POST", "/images", `{"name": "new.iso", "size": 100000}`, 201},
		{"imagesHeadUpload", "HEAD", "/images/uploads/{upload}", "", 200},
		{"imagesPatchUpload", "PATCH", "/images/uploads/{upload}", "no header says where it belongs", 400},
		{"imagesDeleteUpload", "DELETE", "/images/uploads/{upload}", "", 204},
	}
	for _, prefix := range []string{"/api/2.0", "/api/current", "/api/common"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			asked := map[string]bool{}
			s.addImage(t, "rhel.iso")
			var obm, catalog, sku, upload string
			for _, test := range tests {
				asked[test.operation] = true
				path := strings.NewReplacer("{obm}", obm, "{catalog}", catalog, "{sku}", sku, "{upload}", upload).Replace(prefix + test.path)
				r := s.want(t, test.status, test.method, path, test.body)
				switch test.operation {
				case "nodesPost":
					catalog = s.catalog(t, into[v2.NodeDocument](t, r).ID, "bmc", `{}`).ID
				case "obmsPut":
					obm = into[v2.Obm](t, r).ID
				case "skusPost":
					sku = into[v2.Sku](t, r).ID
				case "imagesPost":
					upload = into[v2.ImageUpload](t, r).ID
				}
			}
			for path, item := range s.spec.Paths.Map() {
				for method, operation := range item.Operations() {
					if !asked[operation.OperationID] {
						t.Errorf("%s %s (%s) has no test", method, path, operation.OperationID)
					}
				}
			}
		})
	}
}

func TestDocumentIsTheFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := s.spec.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	file, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := yamlValue(t, file)
	asJSON := s.want(t, http.StatusOK, "GET", "/api/2.0/swagger", "")
	if diff := cmp.Diff(want, into[any](t, asJSON)); diff != "" {
		t.Errorf("GET /swagger (-file +got)\n%s", diff)
	}
	asYAML := s.want(t, http.StatusOK, "GET", "/api/2.0/swagger.yaml", "")
	if diff := cmp.Diff(string(file), asYAML.body); diff != "" {
		t.Errorf("GET /swagger.yaml (-file +got):\n%s", diff)
	}
}

func yamlValue(t *testing.T, document []byte) any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(document)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(asJSON, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	client, err := v2.NewClientWithResponses(server.URL + "/api/2.0")
	if err != nil {
		t.Fatal(err)
	}
	started, err := client.WorkflowsPostWithResponse(t.Context(), nil, v2.WorkflowRequest{Name: "Graph.Wait"})
	if err != nil || started.JSON201 == nil {
		t.Fatalf("start: %v, %s", err, started.Body)
	}
	name := "Graph with / and ü::{id}"
	graph := json.RawMessage(strings.ReplaceAll(waitGraph, "Graph.Wait", name))
	if put, err := client.WorkflowsPutGraphsWithResponse(t.Context(), graph); err != nil || string(put.Body) != name {
		t.Errorf("put: %v, %s", err, put.Body)
	}
	got, err := client.WorkflowsGetGraphsByNameWithResponse(t.Context(), name)
	if err != nil || got.JSON200 == nil || len(*got.JSON200) != 1 {
		t.Errorf("get: %v, %s", err, got.Body)
	}
	missing, err := client.WorkflowsGetByInstanceIDWithResponse(t.Context(), "nope")
	if err != nil || missing.JSONDefault == nil || missing.JSONDefault.Status != "404" {
		t.Errorf("missing: %v, %s", err, missing.Body)
	}
}
