package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
)

const (
	graphsPath = basePath + "/workflows/graphs/"
	tasksPath  = basePath + "/workflows/tasks/"
)

func graphPath(name string) string { return graphsPath + name }

// graphView is a graph with all its keys. As in RackHD, task names are paths.
func graphView(d starter.Definition) (map[string]any, error) {
	view, err := definitionView(d)
	if err != nil {
		return nil, err
	}
	tasks, _ := view["tasks"].([]any)
	for _, entry := range tasks {
		task, _ := entry.(map[string]any)
		if name, ok := task["taskName"].(string); ok && name != "" && !strings.Contains(name, "/") {
			task["taskName"] = tasksPath + name
		}
	}
	return view, nil
}

// taskDocument is a task definition with what the store knows of it.
func taskDocument(d starter.Definition) (map[string]any, error) {
	doc, err := definitionView(d)
	if err != nil {
		return nil, err
	}
	doc["id"], doc["createdAt"], doc["updatedAt"] = d.Name, d.Stored.Created, d.Stored.Updated
	return doc, nil
}

// definitionView is a definition with all its keys, and numbers as they are written.
// It drops keys of the store that a client has sent back: they are not the
// author's, and may be stale.
func definitionView(d starter.Definition) (map[string]any, error) {
	var view map[string]any
	decoder := json.NewDecoder(bytes.NewReader(d.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&view); err != nil {
		return nil, fmt.Errorf("definition %s: %w", d.Name, err)
	}
	for _, key := range []string{"id", "_id", "createdAt", "updatedAt"} {
		delete(view, key)
	}
	return view, nil
}

// headerText keeps a header to one line.
var headerText = strings.NewReplacer("\r", " ", "\n", " ")

func setWarnings(c echo.Context, problems graph.Problems) {
	for _, warning := range problems.Warnings() {
		c.Response().Header().Add("X-Warning", headerText.Replace(warning.String()))
	}
}
