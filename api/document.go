package api

import (
	_ "embed"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
	"sigs.k8s.io/yaml"

	"github.com/rackflow/rackflow/graph"
)

//go:embed openapi.yaml
var documentYAML []byte

// document is the API's own description: it is served, and request bodies are
// checked against it.
type document struct {
	spec *openapi3.T
	json []byte
}

func newDocument() (*document, error) {
	spec, err := openapi3.NewLoader().LoadFromData(documentYAML)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	asJSON, err := yaml.YAMLToJSON(documentYAML)
	if err != nil {
		return nil, fmt.Errorf("write as JSON: %w", err)
	}
	return &document{spec: spec, json: asJSON}, nil
}

// check returns all problems of a request body.
func (d *document) check(schema string, body map[string]any) graph.Problems {
	err := d.spec.Components.Schemas[schema].Value.VisitJSON(body, openapi3.VisitAsRequest(), openapi3.MultiErrors())
	return schemaProblems(err)
}

// SwaggerGet answers GET /swagger.
func (h *handlers) SwaggerGet(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, h.document.json)
}

// SwaggerGetYaml answers GET /swagger.yaml.
func (h *handlers) SwaggerGetYaml(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/vnd.oai.openapi", documentYAML)
}
