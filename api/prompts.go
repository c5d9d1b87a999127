package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

// WorkflowsGetPrompts answers GET /workflows/{instanceId}/prompts.
func (h *handlers) WorkflowsGetPrompts(c echo.Context, instanceID v2.InstanceID) error {
	run, err := h.Runs.Get(c.Request().Context(), instanceID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, promptViews(run))
}

// WorkflowsPostAnswer answers POST /workflows/{instanceId}/prompts/{promptId}.
func (h *handlers) WorkflowsPostAnswer(c echo.Context, instanceID v2.InstanceID, promptID string) error {
	var body v2.PromptAnswer
	if err := h.decode(c, "PromptAnswer", &body); err != nil {
		return err
	}
	answer := workflows.Answer{Prompt: promptID, Answer: body.Answer, By: body.By}
	if err := h.Runs.Answer(c.Request().Context(), instanceID, answer); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// PromptsGet answers GET /prompts.
func (h *handlers) PromptsGet(c echo.Context) error {
	active := true
	runs, _, err := h.Runs.List(c.Request().Context(), starter.Filter{State: string(v2.WorkflowStateWaiting), Active: &active})
	if err != nil {
		return err
	}
	views := []v2.WorkflowPrompt{}
	for _, run := range runs {
		views = append(views, workflowPromptViews(run)...)
	}
	return c.JSON(http.StatusOK, views)
}
