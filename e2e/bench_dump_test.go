package e2e

import (
	"testing"
	"fmt"
	"google.golang.org/protobuf/proto"
	enumspb "go.temporal.io/api/enums/v1"
)

func TestDump(t *testing.T) {
	c := startTemporal(t, registerByHand)
	for i, start := range []startFunc{chains["regular"].startGraph, chains["regular"].startByHand, chains["local"].startGraph, chains["local"].startByHand} {
		run, err := start(t.Context(), c)
		if err != nil { t.Fatal(err) }
		if err := run.Get(t.Context(), nil); err != nil { t.Fatal(err) }
		it := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		total := map[string]int{}
		n := 0
		sum := 0
		for it.HasNext() {
			e, err := it.Next()
			if err != nil { t.Fatal(err) }
			s := proto.Size(e)
			sum += s
			total[e.GetEventType().String()] += s
			n++
			if n < 9 || e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED { fmt.Println(s, e) }
		}
		fmt.Println(i, n, sum, total)
	}
}
