package graph

// whens are the conditions of tasks.
var whens = NewConditions("context", "options", "tasks")

// CheckWhen reports what is wrong with a condition's form.
func CheckWhen(expr string) error {
	_, err := whens.Compile(expr)
	return err
}

// When evaluates a condition. Tasks are by label, each with its state and error.
func When(expr string, context, options, tasks map[string]any) (bool, error) {
	condition, err := whens.Compile(expr)
	if err != nil {
		return false, err
	}
	return condition.Met(map[string]any{"context": orEmpty(context), "options": orEmpty(options), "tasks": orEmpty(tasks)})
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
