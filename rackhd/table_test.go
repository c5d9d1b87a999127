package rackhd_test

import (
	"strings"
	"testing"

	"github.com/rackflow/rackflow/library"
	"github.com/rackflow/rackflow/rackhd"
)

func TestReadTable(t *testing.T) {
	t.Parallel()
	const reasons = "reasons: {snmp: {status: never, hint: no SNMP}}\n"
	tests := []struct{ name, document, fault string }{
		{"good", reasons + "actions: {NMI: snmp}\nbaseTasks: {Task.Base.Snmp: {job: Job.Snmp, without: snmp}, Task.Base.noop: {job: Job.noop}}", ""},
		{"no YAML", "{", "did not find"},
		{"unknown key", reasons + "tasks: {}", "unknown field"},
		{"unknown status", "reasons: {snmp: {status: perhaps, hint: x}}", "reason snmp"},
		{"no hint", "reasons: {snmp: {status: never}}", "reason snmp"},
		{"no job", reasons + "baseTasks: {Task.Base.Snmp: {without: snmp}}", "base task task.base.snmp"},
		{"unknown reason", reasons + "baseTasks: {Task.Base.Snmp: {job: Job.Snmp, without: x}}", "unknown reason x"},
		{"unknown reason of an action", reasons + "actions: {NMI: x}", "action NMI"},
	}
	for _, test := range tests {
		_, err := rackhd.ReadTable([]byte(test.document))
		if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.fault)
		}
	}
}

func readTable(t testing.TB) *rackhd.Table {
	t.Helper()
	table, err := rackhd.ReadTable(library.RackHD())
	if err != nil {
		t.Fatal(err)
	}
	return table
}
