package activities

import "strings"

// templateMarks are how templates of answer files are written in the options of a graph,
// whose own templates have the braces.
var templateMarks = strings.NewReplacer("<%", "{{", "%>", "}}")

// installerTemplates gives templates the marks that their language has.
func installerTemplates(written map[string]string) map[string]string {
	templates := make(map[string]string, len(written))
	for name, text := range written {
		templates[name] = templateMarks.Replace(text)
	}
	return templates
}
