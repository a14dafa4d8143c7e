// Renders the strings of a JSON value as Argo CD's ApplicationSet controller renders its templates: Go's templates with
// sprig's functions. Reads {"value": …, "parameters": …} from standard input, writes the value.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type request struct {
	Value      any
	Parameters map[string]any
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(render(asked.Value, asked.Parameters)); err != nil {
		log.Fatal(err)
	}
}

func render(value any, parameters map[string]any) any {
	switch typed := value.(type) {
	case string:
		return text(typed, parameters)
	case []any:
		for at, each := range typed {
			typed[at] = render(each, parameters)
		}
	case map[string]any:
		for key, each := range typed {
			typed[key] = render(each, parameters)
		}
	}
	return value
}

func text(source string, parameters map[string]any) string {
	functions := sprig.GenericFuncMap()
	for _, forbidden := range []string{"env", "expandenv", "getHostByName"} { // Argo CD has taken them out
		delete(functions, forbidden)
	}
	parsed, err := template.New("").Funcs(functions).Option("missingkey=error").Parse(source)
	if err != nil {
		log.Fatalf("%s: %v", source, err)
	}
	var written strings.Builder
	if err := parsed.Execute(&written, parameters); err != nil {
		log.Fatalf("%s: %v", source, err)
	}
	return written.String()
}
