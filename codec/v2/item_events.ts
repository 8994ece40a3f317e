/**
 * What the items of a stream say as events, where everything must be one.
 *
 * @module
 */

import { type StatusEvent, textFile } from "../event.ts";
import type { StreamItem } from "./decoder.ts";

/** The test that damage is reported as, by the Python tools' name. */
export const PARSER_TEST_ID = "subunit.parser";
/** The file that foreign bytes are reported as. */
export const FOREIGN_FILE_NAME = "stdout";

/**
 * The events of an item: of a packet the one it holds; of foreign bytes a part
 * of the file "stdout" of no test; of damage two of the test
 * `subunit.parser`, the bytes and then the failure with its reason.
 *
 * Bytes in them are views, as in the item.
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
