export {
  type Attachment,
  isFailure,
  type Outcome,
  OUTCOMES,
  type Test,
  TestCollator,
} from "./collator.ts";
export { Router } from "./router.ts";
export {
  copyTo,
  type EventSink,
  failFast,
  tagger,
  timestamper,
} from "./sinks.ts";
export { Summary } from "./summary.ts";
export {
  EventKey,
  type KeyedEvent,
  parentKey,
  type TestKey,
  type TestKeyBytes,
  TestTable,
} from "./test_table.ts";
