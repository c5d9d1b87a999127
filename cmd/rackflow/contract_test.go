package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"golang.org/x/tools/txtar"
)

// TestAnswersKeepTheContract holds the fake API's answers against the API's own
// document, so that the golden files cannot show what no server says.
func TestAnswersKeepTheContract(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(spec)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			fields := strings.Fields(f.Name)
			if fields[0] != "answer" || isForeign(fields, f.Data) {
				continue
			}
			method, uri := fields[1], fields[2]
			req, err := http.NewRequestWithContext(t.Context(), method, uri, nil)
			if err != nil {
				t.Fatal(err)
			}
			route, params, err := router.FindRoute(req)
			if err != nil {
				t.Errorf("%s: %s %s: %v", file, method, uri, err)
				continue
			}
			status := ""
			if len(fields) > 3 {
				status = strings.Join(fields[3:], " ")
			}
			resp := answer{status: status, body: f.Data}.response(req)
			if err := checkAnswer(t.Context(), &openapi3filter.RequestValidationInput{Request: req, Route: route, PathParams: params}, resp); err != nil {
				t.Errorf("%s: %s %s: %v", file, method, uri, err)
			}
			checked++
		}
	}
	if checked < 50 {
		t.Errorf("only %d answers", checked)
	}
}

// isForeign tells what is no answer of rackflow's.
func isForeign(fields []string, body []byte) bool {
	return slices.Contains(fields, "refused") || slices.Contains(fields, "silent") || slices.Contains(fields, "cut") || bytes.HasPrefix(body, []byte("<html>"))
}

func checkAnswer(ctx context.Context, req *openapi3filter.RequestValidationInput, resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(resp.Header.Get("Content-Type"), "json") {
		resp.Header.Set("Content-Type", "text/plain")
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: req, Status: resp.StatusCode, Header: resp.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	in.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(ctx, in)
}
