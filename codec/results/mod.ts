/**
 * Events into tests, and testtools' `StreamResult` family: sinks that copy,
 * tag, route, collect and summarise the events of a run; async iterables over
 * the bytes of a stream.
 *
 * @module
 */

export {
  type Attachment,
  isFailure,
  type Outcome,
  OUTCOMES,
  type Test,
  TestCollator,
} from "./collator.ts";
export { type RouteOptions, Router } from "./router.ts";
export {
  copyTo,
  type EventSink,
  failFast,
  ownEvent,
  tagger,
  timestamper,
} from "./sinks.ts";
export { Summary } from "./summary.ts";
