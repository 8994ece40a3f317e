/**
 * The subunit codec: bytes to events and back. It is pure and synchronous and
 * depends on no runtime. Foreign formats are separate modules, such as
 * `@subunit/codec/tap`, so that a small tool loads only what it needs.
 *
 * @module
 */

export {
  change,
  type EventInput,
  FOREIGN_FILE_NAME,
  isFailureStatus,
  isFinalStatus,
  isTestStatus,
  PARSER_TEST_ID,
  type StatusEvent,
  TEST_STATUSES,
  type TestStatus,
  TEXT_TYPE,
  textFile,
} from "./event.ts";
export {
  addSeconds,
  formatTimestamp,
  now,
  parseTimestamp,
  secondsBetween,
  type Timestamp,
  timestampOf,
} from "./timestamp.ts";
export { decodePacket, decodeTags, Packet } from "./v2/packet.ts";
export { type Fault, type FaultCode, PacketError } from "./v2/errors.ts";
export * from "./v2/decoder.ts";
export {
  type ChangedFields,
  NO_FILE,
  PacketChange,
  PacketEditor,
} from "./v2/editor.ts";
export {
  ATTACHMENT_PART_BYTES,
  encodePacket,
  encodePackets,
  PacketEncoder,
  splitAttachment,
} from "./v2/encoder.ts";
export { RowEditor } from "./v2/row_editor.ts";
export type { Rows } from "./v2/rows.ts";
export { Interned } from "./v2/interned.ts";
export * from "./v2/item_events.ts";
export { eventFromJson, eventToJson } from "./record/json.ts";
export type { Omission } from "./results/both_ends.ts";
export { type Attachment, attachmentParts } from "./results/test_files.ts";
export {
  isFailure,
  type Outcome,
  OUTCOMES,
  type RunningTest,
  type Test,
  TestCollator,
} from "./results/collator.ts";
export {
  isRunRecord,
  isRunRecordRow,
  RUN_RECORD_ID,
} from "./results/run_record.ts";
export { Summary } from "./results/summary.ts";
export {
  EventKey,
  type KeyedEvent,
  parentKey,
  TestTable,
} from "./results/test_table.ts";
export {
  grown,
  RowKey,
  type TestKey,
  type TestKeyBytes,
  TestNumbers,
} from "./results/test_numbers.ts";
export { ENCODER_TEST_ID, type EncoderStreamOptions } from "./stream_pair.ts";
export * from "./streams.ts";
export { decodeText, endsInCharacter } from "./text/utf8.ts";
