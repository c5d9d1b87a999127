package bmc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decode reads one JSON object. A property of an unexpected type is left at its
// zero value: one odd property must not lose the whole resource.
func decode(r io.Reader, out any) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := lenient(json.Unmarshal(body, out)); err != nil {
		return fmt.Errorf("%w: %w", errNotJSON, err)
	}
	return nil
}

// lenient forgives a mismatched type inside a document, after which
// [json.Unmarshal] has decoded all the rest. A document that is no object at all
// is not forgiven.
func lenient(err error) error {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return nil
	}
	return err
}
