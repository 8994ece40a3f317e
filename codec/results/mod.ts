/**
 * Events into tests, and testtools' `StreamResult` family: sinks that copy,
 * tag, route, collect and summarise the events of a run, a reporter for test
 * runners, and async iterables over the bytes of a stream.
 *
 * @module
 */

export {
  attachmentText,
  byTest,
  type ByTestOptions,
  oneTestAtATime,
  type PlainTest,
  plainTest,
  testEvents,
} from "./test_sinks.ts";
export type { Omission } from "./both_ends.ts";
export type { Attachment } from "./test_files.ts";
export {
  isFailure,
  type Outcome,
  OUTCOMES,
  type Test,
  TestCollator,
} from "./collator.ts";
export {
  type ByteSource,
  eventsOf,
  itemsOf,
  pipeEvents,
  testsOf,
} from "./iterables.ts";
export { type RunMessage, RunQueue, toQueue } from "./queue.ts";
export {
  type ReporterOptions,
  type ResourceReporter,
  type RunningTest,
  RunReporter,
  type TestOptions,
} from "./reporter.ts";
export { type RouteOptions, Router } from "./router.ts";
export { isRunRecord, isRunRecordRow, RUN_RECORD_ID } from "./run_record.ts";
export { RunSummary, type TestLists } from "./run_summary.ts";
export {
  copyTo,
  type EventSink,
  failFast,
  ownEvent,
  tagger,
  timestamper,
} from "./sinks.ts";
export { Summary } from "./summary.ts";
