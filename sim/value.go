package sim

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
)

// integer returns a whole number within a range, or fallback if it is absent or null.
func integer(body doc, name string, fallback, low, high int) (int, error) {
	value, present := body[name]
	if !present || value == nil {
		return fallback, nil
	}
	number, ok := value.(float64)
	if !ok || number != math.Trunc(number) {
		return 0, refuseType(name)
	}
	if number < float64(low) || number > float64(high) {
		return 0, refuseRange(strconv.FormatFloat(number, 'f', -1, 64), name, low, high)
	}
	return int(number), nil
}

// texts returns a list of strings.
func texts(value any, name string) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, refuseType(name)
	}
	found := make([]string, 0, len(list))
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, refuseType(name)
		}
		found = append(found, s)
	}
	return found, nil
}

func refuseRange(value, name string, low, high int) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyValueOutOfRange",
		fmt.Sprintf("The value %s for the property %s is not in the supported range of %d to %d.", value, name, low, high),
		"Correct the value for the property in the request body and resubmit the request.", value, name)
}

func refuseFormat(value, name string) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyValueFormatError",
		fmt.Sprintf("The value %q for the property %s is of a different format than the property can accept.", value, name),
		"Correct the value for the property in the request body and resubmit the request.", value, name)
}
