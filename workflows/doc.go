// Package workflows holds RunGraph, the Temporal workflow that interprets a
// resolved graph, and what others need to start, watch and signal it by name.
//
// Everything here is deterministic: the plan is in the input, the clock is
// workflow.Now, and no map is ranged over where order could be seen. Activities
// are called by name only, so the package imports neither activities nor store,
// bmc or api.
//
// One activity is one task: its type is the task's runJob and its id the task's
// label, so that Temporal's own determinism check notices an interpreter that
// does other things, or in another order, than the history it replays.
package workflows
