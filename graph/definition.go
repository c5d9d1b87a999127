package graph

import "encoding/json"

// Graph is a graph definition as RackHD has it.
type Graph struct {
	FriendlyName   string `json:"friendlyName"`
	InjectableName string `json:"injectableName"`
	// Options has the keys "defaults" and task labels, each an object of options.
	Options      map[string]any `json:"options,omitempty"`
	Tasks        []Task         `json:"tasks"`
	ServiceGraph bool           `json:"serviceGraph,omitempty"`
}

// Task is an entry of a graph's tasks.
type Task struct {
	// Label names the task within its graph.
	Label string `json:"label"`
	// TaskName names a stored task definition, alone or as the last segment of an API path.
	TaskName string `json:"taskName,omitempty"`
	// TaskDefinition is an inline definition; it wins over TaskName.
	TaskDefinition  *TaskDefinition `json:"taskDefinition,omitempty"`
	WaitOn          WaitOn          `json:"waitOn,omitzero"`
	IgnoreFailure   bool            `json:"ignoreFailure,omitempty"`
	OptionOverrides map[string]any  `json:"optionOverrides,omitempty"`
	// Finally marks clean-up: it runs when all other tasks have ended, whatever the outcome.
	Finally bool `json:"finally,omitempty"`
	// TaskQueue runs the job on that Temporal task queue.
	TaskQueue   string `json:"taskQueue,omitempty"`
	Description string `json:"x-description,omitempty"`
}

// TaskDefinition gives a base task its options.
type TaskDefinition struct {
	FriendlyName   string         `json:"friendlyName"`
	InjectableName string         `json:"injectableName"`
	ImplementsTask string         `json:"implementsTask"`
	Options        map[string]any `json:"options"`
	Properties     map[string]any `json:"properties"`
	// OptionsSchema is a JSON Schema (draft-04 where it names none), or the name of one of RackHD's schema files.
	OptionsSchema json.RawMessage `json:"optionsSchema,omitempty"`
}

// BaseTask names the job that does the work and what it must be given.
type BaseTask struct {
	FriendlyName    string          `json:"friendlyName"`
	InjectableName  string          `json:"injectableName"`
	RunJob          string          `json:"runJob"`
	RequiredOptions []string        `json:"requiredOptions,omitempty"`
	Properties      map[string]any  `json:"properties,omitempty"`
	OptionsSchema   json.RawMessage `json:"optionsSchema,omitempty"`
	// Local runs the job as a Temporal local activity: for short, idempotent work that touches no BMC.
	Local bool `json:"local,omitempty"`
	// Closed keeps a graph's defaults away unless OptionsSchema names them.
	Closed bool `json:"closed,omitempty"`
}

// Library finds definitions by name, without regard to case.
type Library interface {
	// TaskDefinition returns nil when there is none of that name.
	TaskDefinition(name string) *TaskDefinition
	// BaseTask returns nil when there is none of that name.
	BaseTask(name string) *BaseTask
}
