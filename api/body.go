package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/rackflow/rackflow/graph"
)

// maxBody bounds a request's body in bytes.
const maxBody = graph.MaxDefinition

func readBody(c echo.Context) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "The request body is larger than %d bytes", maxBody)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "The request body could not be read")
	}
	return body, nil
}

// decode reads the body into a value of the named schema and reports every
// problem the schema finds. A key whose value is null counts as absent, since
// generated clients send null for what was not set. An empty body is an empty object.
func (h *handlers) decode(c echo.Context, schema string, into any) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	object, err := parseObject(body, c.Request().Header.Get(echo.HeaderContentType))
	if err != nil {
		return err
	}
	for key, value := range object {
		if value == nil {
			delete(object, key)
		}
	}
	if problems := h.document.check(schema, object); problems != nil {
		return &refusal{status: http.StatusBadRequest, message: "Validation errors", problems: problems}
	}
	clean, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return json.Unmarshal(clean, into)
}

// parseObject takes JSON whatever the content type says, since curl -d calls it a
// form, and YAML when the type says so.
func parseObject(body []byte, contentType string) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	if strings.Contains(contentType, "yaml") {
		converted, err := graph.ToJSON(body)
		if err != nil {
			return nil, malformed("YAML", err)
		}
		body = converted
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, malformed("JSON", err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, refuse(http.StatusBadRequest, "The request body should be an object")
	}
	return object, nil
}

func malformed(language string, err error) error {
	return &refusal{
		status:   http.StatusBadRequest,
		message:  "The request body is not " + language,
		problems: graph.Problems{{Message: err.Error()}},
	}
}

// schemaProblems flattens what a schema found.
func schemaProblems(err error) graph.Problems {
	var (
		several openapi3.MultiError
		one     *openapi3.SchemaError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		var problems graph.Problems
		for _, e := range several {
			problems = append(problems, schemaProblems(e)...)
		}
		return problems
	case errors.As(err, &one):
		return graph.Problems{{Path: strings.Join(one.JSONPointer(), "."), Message: one.Reason}}
	}
	return graph.Problems{{Message: "does not match its schema"}}
}
