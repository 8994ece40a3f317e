/**
 * Results in what a command prints, in whichever form it prints them.
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
} from "@subunit/codec";
import { GoJsonDecoder } from "@subunit/codec/gojson";
import { TapDecoder } from "@subunit/codec/tap";
import { V1Decoder } from "@subunit/codec/v1";
import { concat } from "@std/bytes/concat";

/** Makes events of text. */
interface TextReader {
  /** The events that are complete now. They hold no view of the chunk. */
  push(chunk: Uint8Array): StatusEvent[];
  /** The rest of them. */
  end(): StatusEvent[];
}

/** The forms results may have. */
const READERS = {
  v2: () => new PlainText(),
  v1: () => new V1Text(),
  tap: () => new TapDecoder({ now }),
  gojson: () => new GoJsonDecoder(),
} as const satisfies Record<string, () => TextReader>;

/** A form results may have, or that it is to be found out. */
export type Format = keyof typeof READERS | "detect";

/** Lines that only results in one form begin with, as far as one can tell. */
const FIRST_LINES: readonly (readonly [keyof typeof READERS, RegExp])[] = [
  [
    "v1",
    /^(test|testing): ?\S|^time: \d{4}-\d\d-|^progress: (push|pop|[+-]?\d+)$/,
  ],
  ["gojson", /^\{.*"Action":"(start|run|output|build-output|build-fail)"/],
  ["tap", /^(TAP version 1[2-4]|1\.\.\d+( #.*)?|(not )?ok \d+( .*)?)\r?$/],
];

/** A longer line shows no form, and does not wait for its end. */
const MAX_LINE_BYTES = 4096;
const LINE_FEED = 0x0a;

/** Text as parts of a file of no test. */
export function textEvent(fileName: string, text: Uint8Array): StatusEvent {
  return { runnable: true, fileName, fileBytes: text, timestamp: now() };
}

/** Text in which there are no results. */
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
    // They are taken out before.
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

/** Text whose first line of results shows their form. */
class DetectedText implements TextReader {
  readonly #plain = new PlainText();
  #reader: TextReader | undefined;
  /** The beginning of a line. */
  #held = new Uint8Array(0);
  /** Whether a line is too long to show a form, and its end has not come. */
  #isInLongLine = false;

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

/** The form a line shows that results are in, if it does. */
export function formatOf(line: Uint8Array): keyof typeof READERS | undefined {
  if (line.length > MAX_LINE_BYTES) return undefined;
  const text = latin1.decode(line);
  return FIRST_LINES.find(([, shape]) => shape.test(text))?.[0];
}

/**
 * Reads results out of what a command prints. Packets are found whatever the
 * form of the others; what is no result becomes the file "stdout".
 */
export class ResultsReader {
  readonly #packets = new PacketDecoder();
  readonly #text: TextReader;

  constructor(format: Format) {
    this.#text = format === "detect" ? new DetectedText() : READERS[format]();
  }

  /** The events that are complete now; packets are good until the next call. */
  push(chunk: Uint8Array): (StatusEvent | Packet)[] {
    this.#packets.push(chunk);
    return this.#drain();
  }

  /** The rest of them. */
  end(): (StatusEvent | Packet)[] {
    this.#packets.end();
    return [...this.#drain(), ...this.#text.end()];
  }

  #drain(): (StatusEvent | Packet)[] {
    const events: (StatusEvent | Packet)[] = [];
    this.#packets.drain((item) => {
      const more = item.kind === "foreign"
        ? this.#text.push(item.bytes)
        : itemEvents(item);
      for (const event of more) events.push(event);
    });
    return events;
  }
}
