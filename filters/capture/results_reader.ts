/**
 * Finds results in the output of a command, in any format.
 *
 * @module
 */

import {
  change,
  itemEvents,
  now,
  type Packet,
  PacketDecoder,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import { GoJsonDecoder } from "@subunit/codec/gojson";
import { TapDecoder } from "@subunit/codec/tap";
import { V1Decoder } from "@subunit/codec/v1";
import { concat } from "@std/bytes/concat";

/** Makes events from text. */
interface TextReader {
  /**
   * Reads a chunk and returns the events that are complete. They contain no
   * views of the chunk.
   */
  push(chunk: Uint8Array): StatusEvent[];
  /** Ends the input and returns the remaining events. */
  end(): StatusEvent[];
}

/** The formats of results. */
const READERS = {
  v2: () => new PlainText(),
  v1: () => new V1Text(),
  tap: () => new TapDecoder({ now }),
  gojson: () => new GoJsonDecoder(),
} as const satisfies Record<string, () => TextReader>;

/** A format of results, or that it is to be detected. */
export type Format = keyof typeof READERS | "detect";

/** Lines that practically only results in one format begin with. */
const FIRST_LINES: readonly (readonly [keyof typeof READERS, RegExp])[] = [
  [
    "v1",
    /^(test|testing): ?\S|^time: \d{4}-\d\d-|^progress: (push|pop|[+-]?\d+)$/,
  ],
  ["gojson", /^\{.*"Action":"(start|run|output|build-output|build-fail)"/],
  ["tap", /^(TAP version 1[2-4]|1\.\.\d+( #.*)?|(not )?ok \d+( .*)?)\r?$/],
];

/** Longer lines show no format and are not waited for. */
const MAX_LINE_BYTES = 4096;
const LINE_FEED = 0x0a;

/** Text as part of a file without a test. */
export function textEvent(fileName: string, text: Uint8Array): StatusEvent {
  return { runnable: true, fileName, fileBytes: text, timestamp: now() };
}

/** Text without results. */
class PlainText implements TextReader {
  push(chunk: Uint8Array): StatusEvent[] {
    return [textEvent("stdout", chunk.slice())];
  }

  end(): StatusEvent[] {
    return [];
  }
}

/** Text with results of version 1. */
class V1Text implements TextReader {
  #events: StatusEvent[] = [];
  readonly #decoder = new V1Decoder({
    event: (event) => {
      const fileBytes = event.fileBytes?.slice();
      this.#events.push(change(event, { fileBytes }));
    },
    // They have been taken out already.
    packet() {},
    text: (text) => this.#events.push(textEvent("stdout", text.slice())),
  }, { now, detectsPackets: false });

  push(chunk: Uint8Array): StatusEvent[] {
    this.#decoder.push(chunk);
    return this.#takeEvents();
  }

  end(): StatusEvent[] {
    this.#decoder.end();
    return this.#takeEvents();
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/** Text whose format is shown by the first line of results. */
class DetectedText implements TextReader {
  readonly #plain = new PlainText();
  #reader: TextReader | undefined;
  /** The beginning of a line. */
  #held = new Uint8Array(0);
  /** Whether the current line is too long to show a format. */
  #isInLongLine = false;

  get hasFormat(): boolean {
    return this.#reader !== undefined;
  }

  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#reader !== undefined) return this.#reader.push(chunk);
    const text = concat([this.#held, chunk]);
    let lineAt = 0;
    for (let end; (end = text.indexOf(LINE_FEED, lineAt) + 1) > 0;) {
      const format = this.#isInLongLine
        ? undefined
        : formatOf(text.subarray(lineAt, end - 1));
      this.#isInLongLine = false;
      if (format !== undefined) {
        this.#reader = READERS[format]();
        return [
          ...this.#pass(text.subarray(0, lineAt)),
          ...this.#reader.push(text.subarray(lineAt)),
        ];
      }
      lineAt = end;
    }
    this.#isInLongLine ||= text.length - lineAt > MAX_LINE_BYTES;
    if (this.#isInLongLine) lineAt = text.length;
    this.#held = text.slice(lineAt);
    return this.#pass(text.subarray(0, lineAt));
  }

  end(): StatusEvent[] {
    if (this.#reader !== undefined) return this.#reader.end();
    const format = formatOf(this.#held);
    if (format === undefined) return this.#pass(this.#held);
    const reader = READERS[format]();
    return [...reader.push(this.#held), ...reader.end()];
  }

  #pass(text: Uint8Array): StatusEvent[] {
    return text.length > 0 ? this.#plain.push(text) : [];
  }
}

const latin1 = new TextDecoder("latin1");

/** Returns the format of results that a line shows, if any. */
export function formatOf(line: Uint8Array): keyof typeof READERS | undefined {
  if (line.length > MAX_LINE_BYTES) return undefined;
  const text = latin1.decode(line);
  return FIRST_LINES.find(([, shape]) => shape.test(text))?.[0];
}

/**
 * Reads results from the output of a command. Everything that is not a result
 * becomes the file "stdout".
 *
 * Output in a named text format is text, whatever bytes it has. While the
 * format is detected, packets are found in every format. Bytes that begin as a
 * packet and are not one are damage, except in text results without packets:
 * they are text there.
 */
export class ResultsReader {
  /** Undefined where everything is text. */
  readonly #packets: PacketDecoder | undefined;
  readonly #text: TextReader;
  #hasPackets = false;

  constructor(format: Format) {
    this.#text = format === "detect" ? new DetectedText() : READERS[format]();
    if (format === "v2" || format === "detect") {
      this.#packets = new PacketDecoder();
    }
  }

  /**
   * Reads a chunk and returns the events that are complete. Packets are valid
   * until the next call.
   */
  push(chunk: Uint8Array): (StatusEvent | Packet)[] {
    if (this.#packets === undefined) return this.#text.push(chunk);
    this.#packets.push(chunk);
    return this.#drain(this.#packets);
  }

  /** Ends the input and returns the remaining events. */
  end(): (StatusEvent | Packet)[] {
    if (this.#packets === undefined) return this.#text.end();
    this.#packets.end();
    return [...this.#drain(this.#packets), ...this.#text.end()];
  }

  #drain(packets: PacketDecoder): (StatusEvent | Packet)[] {
    const events: (StatusEvent | Packet)[] = [];
    packets.drain((item) => {
      this.#hasPackets ||= item.kind === "packet";
      for (const event of this.#eventsOf(item)) events.push(event);
    });
    return events;
  }

  #eventsOf(item: StreamItem): readonly (StatusEvent | Packet)[] {
    const isText = item.kind === "foreign" ||
      item.kind === "damage" && !this.#hasPackets && this.#isTextFormat;
    return isText ? this.#text.push(item.bytes) : itemEvents(item);
  }

  get #isTextFormat(): boolean {
    return this.#text instanceof DetectedText && this.#text.hasFormat;
  }
}
