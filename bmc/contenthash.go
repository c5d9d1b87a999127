package bmc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// contentHash returns the same for documents that say the same.
func contentHash(doc json.RawMessage) string {
	sum := sha256.Sum256(canonical(doc))
	return hex.EncodeToString(sum[:])
}

// canonical sorts properties and drops ETags, which some firmware makes up anew for
// each answer. Numbers stay as they were written.
func canonical(doc json.RawMessage) []byte {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var content any
	if decoder.Decode(&content) != nil {
		return doc
	}
	dropETags(content)
	sorted, err := json.Marshal(content)
	if err != nil {
		return doc
	}
	return sorted
}

func dropETags(content any) {
	switch value := content.(type) {
	case map[string]any:
		delete(value, "@odata.etag")
		for _, inner := range value {
			dropETags(inner)
		}
	case []any:
		for _, inner := range value {
			dropETags(inner)
		}
	}
}

// typeOf returns "Drive" for "#Drive.v1_9_0.Drive".
func typeOf(props map[string]json.RawMessage) string {
	full := textIn(props, "@odata.type")
	return full[strings.LastIndexAny(full, ".#")+1:]
}
