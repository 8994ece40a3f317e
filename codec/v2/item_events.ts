/**
 * Items of a stream as events, for outputs that consist of events only.
 *
 * @module
 */

import {
  FOREIGN_FILE_NAME,
  PARSER_TEST_ID,
  type StatusEvent,
  textFile,
} from "../event.ts";
import type { StreamItem } from "./decoder.ts";

/**
 * Returns the events of an item: for a packet, its own; for foreign bytes, a
 * part of the file "stdout" without a test; for damage, two events of the test
 * `subunit.parser`, the bytes and then a failure with the reason.
 *
 * Their bytes are views, as in the item.
 */
export function itemEvents(item: StreamItem): StatusEvent[] {
  switch (item.kind) {
    case "packet":
      return [item];
    case "foreign":
      return [{
        runnable: true,
        fileName: FOREIGN_FILE_NAME,
        fileBytes: item.bytes,
      }];
    case "damage":
      return [{
        testId: PARSER_TEST_ID,
        runnable: true,
        fileName: "Packet data",
        fileBytes: item.bytes,
        mimeType: "application/octet-stream",
        eof: true,
      }, {
        testId: PARSER_TEST_ID,
        status: "fail",
        runnable: true,
        ...textFile("Parser Error", item.reason),
      }];
  }
}
