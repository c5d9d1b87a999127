// Package graphcase is the test language for graphs: a YAML file that holds a
// graph, what its jobs do, and what must come of it.
//
//	about: a failure that another task waits for does not fail the run
//	graph:
//	  friendlyName: handled
//	  injectableName: Graph.Handled
//	  tasks:
//	    - {label: flash, taskName: Task.Test}
//	    - {label: repair, taskName: Task.Test, waitOn: {flash: failed}}
//	jobs:
//	  flash: {after: 200, fail: {message: no such image}}
//	expect:
//	  order: [flash, repair]
//	  states: {flash: failed, repair: succeeded}
//	  outcome: succeeded
//
// [Parse] reads a case, [Run] plays it on virtual time without doing anything
// outside, and [Case.Diff] says in what the result differs from what was expected.
// Another engine plays the same case by means of [Prepare] and [Jobs].
//
// What is not scripted below jobs succeeds at once and gives nothing back. Task.Test
// is a task for cases: it takes any option and has no job but its script. Jobs that
// only decide or wait (Job.noop, Job.Wait, Job.Evaluate.Condition,
// Job.Installer.Wait, Job.Prompt, Job.Graph.Run) are not scripted, they are done.
//
// Beside jobs, a case may have what comes from outside, by the time since the start
// of the run: cancel, installer, answers; and retried, a retry of the run when it has
// ended. [Case] and [Expect] list every key.
//
// Two things at the same moment have no order: give jobs that race different
// times. The package imports nothing of this module but graph.
package graphcase
