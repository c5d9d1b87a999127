package bmc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
)

const registriesURI = "/redfish/v1/Registries"

// biosAttribute is what the registry says about one attribute.
type biosAttribute struct {
	Name      string `json:"AttributeName"`
	Type      string
	ReadOnly  bool
	Lower     *float64 `json:"LowerBound"`
	Upper     *float64 `json:"UpperBound"`
	MinLength *int
	MaxLength *int
	Values    []struct {
		Name string `json:"ValueName"`
	} `json:"Value"`
}

// check tells what is wrong with a value. It does not repeat values of free text, which may
// be passwords.
func (a *biosAttribute) check(value any) error {
	if a.ReadOnly {
		return errors.New("is read-only")
	}
	switch a.Type {
	case "Enumeration":
		return a.checkChoice(value)
	case "Integer":
		return a.checkNumber(value)
	case "String", "Password":
		return a.checkText(value)
	case "Boolean":
		if _, ok := value.(bool); !ok {
			return errors.New("is true or false")
		}
	}
	return nil
}

func (a *biosAttribute) checkChoice(value any) error {
	names := make([]string, 0, len(a.Values))
	for _, choice := range a.Values {
		names = append(names, choice.Name)
	}
	text, ok := value.(string)
	if len(names) > 0 && (!ok || !slices.Contains(names, text)) {
		return fmt.Errorf("is one of %s, not %v", strings.Join(names, ", "), value)
	}
	return nil
}

func (a *biosAttribute) checkNumber(value any) error {
	number, ok := number(value)
	switch {
	case !ok || number != math.Trunc(number):
		return errors.New("is a whole number")
	case a.Lower != nil && number < *a.Lower:
		return fmt.Errorf("is at least %.0f, not %.0f", *a.Lower, number)
	case a.Upper != nil && number > *a.Upper:
		return fmt.Errorf("is at most %.0f, not %.0f", *a.Upper, number)
	}
	return nil
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	default:
		return 0, false
	}
}

func (a *biosAttribute) checkText(value any) error {
	text, ok := value.(string)
	switch {
	case !ok:
		return errors.New("is text")
	case a.MinLength != nil && len(text) < *a.MinLength:
		return fmt.Errorf("has at least %d characters", *a.MinLength)
	case a.MaxLength != nil && len(text) > *a.MaxLength:
		return fmt.Errorf("has at most %d characters", *a.MaxLength)
	}
	return nil
}

// checkBIOS refuses a change with all that is wrong with it: a BMC may accept such a change
// and let the job fail, which costs a restart of the server.
func (b *BMC) checkBIOS(ctx context.Context, bios *biosDoc, change map[string]any) error {
	registry, err := b.biosRegistry(ctx, opSetBIOS, bios.AttributeRegistry)
	if err != nil {
		return err
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(change)) {
		if err := checkAttribute(bios, registry, name, change[name]); err != nil {
			wrong = append(wrong, name+" "+err.Error())
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return b.refuse(opSetBIOS, strings.Join(wrong, "; "), "correct these attributes; none was changed")
}

// checkAttribute knows only the names where the BMC has no registry.
func checkAttribute(bios *biosDoc, registry []biosAttribute, name string, value any) error {
	if _, there := bios.Attributes[name]; !there {
		for other := range bios.Attributes {
			if strings.EqualFold(other, name) {
				return errors.New("is written " + other)
			}
		}
		return errors.New("is not an attribute of this server")
	}
	i := slices.IndexFunc(registry, func(a biosAttribute) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return registry[i].check(value)
}

// biosRegistry reads what the BIOS's attributes may be. A BMC without it has to check by
// itself.
func (b *BMC) biosRegistry(ctx context.Context, op, name string) ([]biosAttribute, error) {
	uri, err := b.findRegistry(ctx, op, name)
	if err != nil || uri == "" {
		return nil, err
	}
	var doc struct {
		RegistryEntries struct{ Attributes []biosAttribute }
	}
	_, err = b.get(ctx, op, uri, &doc)
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	return doc.RegistryEntries.Attributes, err
}

// findRegistry goes by the name without its version: iDRACs call the registry
// BiosAttributeRegistry.v1_0_0 in one place and BiosAttributeRegistry in the other.
func (b *BMC) findRegistry(ctx context.Context, op, name string) (string, error) {
	bare, _, _ := strings.Cut(name, ".")
	if bare == "" {
		return "", nil
	}
	return b.place("BIOS registry", func() (string, error) {
		uris, err := b.members(ctx, op, registriesURI)
		if hasStatus(err, http.StatusNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(uris, func(uri string) bool {
			at, _, _ := strings.Cut(lastSegment(uri), ".")
			return at == bare
		})
		if i < 0 {
			return "", nil
		}
		var file struct {
			Location []struct {
				URI string `json:"Uri"`
			}
		}
		if _, err := b.get(ctx, op, uris[i], &file); err != nil || len(file.Location) == 0 {
			return "", err
		}
		return file.Location[0].URI, nil
	})
}
