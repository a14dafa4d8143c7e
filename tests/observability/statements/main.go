// Runs statements of the transformation language on one log record, with the engine that the collector has.
//
// Standard input: {"statements": […], "record": {"body": "…", "attributes": {…}}}. Standard output: the record
// afterwards, in OTLP's JSON. A statement that is wrong ends it with its reason.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"
)

type request struct {
	Statements []string
	Record     struct {
		Body       string
		Attributes map[string]any
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	settings := componenttest.NewNopTelemetrySettings()
	parser, err := ottllog.NewParser(ottlfuncs.StandardFuncs[*ottllog.TransformContext](), settings, ottllog.EnablePathContextNames())
	if err != nil {
		return err
	}
	statements, err := parser.ParseStatements(asked.Statements)
	if err != nil {
		return err
	}
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	scope := resource.ScopeLogs().AppendEmpty()
	record := scope.LogRecords().AppendEmpty()
	if asked.Record.Body != "" {
		record.Body().SetStr(asked.Record.Body)
	}
	if err := record.Attributes().FromRaw(asked.Record.Attributes); err != nil {
		return err
	}
	sequence := ottllog.NewStatementSequence(statements, settings, ottllog.WithStatementSequenceErrorMode(ottl.PropagateError))
	if err := sequence.Execute(context.Background(), ottllog.NewTransformContext(resource, scope, record)); err != nil {
		return err
	}
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}
