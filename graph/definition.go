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
	// Timeout limits the whole run, in milliseconds; 0 is no limit. Clean-up is not counted.
	Timeout int64 `json:"timeout,omitempty"`
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
	// When is a CEL condition over context, options and tasks; when it is false the task is skipped.
	When string `json:"when,omitempty"`
	// Retry says how often and after which outcomes the job is tried again.
	Retry *Retry `json:"retry,omitempty"`
	// ForEach is an array, or a template that gives one: the job is done once for each element.
	ForEach any `json:"forEach,omitempty"`
	// MaxParallel bounds how many elements are worked on at once; 0 is all.
	MaxParallel int `json:"maxParallel,omitempty"`
	// Outputs gives names to parts of the result, by their paths in it.
	Outputs map[string]string `json:"outputs,omitempty"`
	// Rerun starts the task again when a failed run is retried, and with it all that waits for it.
	Rerun bool `json:"rerun,omitempty"`
	// TaskQueue runs the job on that Temporal task queue.
	TaskQueue   string `json:"taskQueue,omitempty"`
	Description string `json:"x-description,omitempty"`
}

// Retry is a task's own policy, in place of the job's.
type Retry struct {
	// Attempts is how often the job is tried in all.
	Attempts int `json:"attempts"`
	// Delay is the pause before the second attempt, in milliseconds; 0 is 500.
	Delay int64 `json:"delay,omitempty"`
	// Backoff is what the pause is multiplied by each time; 0 is 2.
	Backoff float64 `json:"backoff,omitempty"`
	// MaxDelay bounds the pause, in milliseconds; 0 is 30000.
	MaxDelay int64 `json:"maxDelay,omitempty"`
	// On are the outcomes after which the job is tried again; none is transient and busy.
	On []string `json:"on,omitempty"`
}

// Outcomes of a job that a Retry may name. OnFailed stands for every failure that
// is none of the others, OnTimeout for the end of the task's own time.
const (
	OnTransient = "transient"
	OnBusy      = "busy"
	OnUnknown   = "unknown"
	OnFailed    = "failed"
	OnTimeout   = "timeout"
)

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
	FriendlyName    string         `json:"friendlyName"`
	InjectableName  string         `json:"injectableName"`
	RunJob          string         `json:"runJob"`
	RequiredOptions []string       `json:"requiredOptions,omitempty"`
	Properties      map[string]any `json:"properties,omitempty"`
	// Options lie below those of every task: templates for what RackHD's job took from the
	// context without being told.
	Options map[string]any `json:"options,omitempty"`
	// RequiredProperties are what the tasks before must have as properties: values by their paths.
	RequiredProperties map[string]any  `json:"requiredProperties,omitempty"`
	OptionsSchema      json.RawMessage `json:"optionsSchema,omitempty"`
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
