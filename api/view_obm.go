package api

import (
	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// obmView leaves secrets out, keys included, as RackHD does.
func obmView(o store.OBM) v2.Obm {
	shown, _ := withoutSecrets(o.Config).(map[string]any)
	return v2.Obm{ID: o.ID, Node: nodePath(o.ServerID), Service: o.Service, Config: redacted(shown)}
}

func withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		shown := make(map[string]any, len(v))
		for name, value := range v {
			if !seal.IsSecretName(name) {
				shown[name] = withoutSecrets(value)
			}
		}
		return shown
	case []any:
		shown := make([]any, len(v))
		for i, value := range v {
			shown[i] = withoutSecrets(value)
		}
		return shown
	}
	return v
}

// redacted is a copy that is fit to be shown; nil becomes empty.
func redacted(object map[string]any) map[string]any {
	clean, ok := seal.Redact(object).(map[string]any)
	if !ok || clean == nil {
		return map[string]any{}
	}
	return clean
}

// redactedText hides sealed secrets in what a task or a server has said.
func redactedText(text string) string {
	clean, ok := seal.Redact(text).(string)
	if !ok {
		return seal.Redacted
	}
	return clean
}
