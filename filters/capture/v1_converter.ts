/**
 * Converts a stream of version 1 to packets.
 *
 * @module
 */

import {
  encodePackets,
  now,
  PacketDecoder,
  type Timestamp,
} from "@subunit/codec";
import { V1Decoder, V1PacketEncoder } from "@subunit/codec/v1";
import { Verdict } from "../kit/stream/verdict.ts";
import type { Output } from "../kit/tool/tool.ts";

/** Options of a {@linkcode V1Converter}. */
export interface V1ConverterOptions {
  /** The route code of the tests. */
  readonly routeCode?: string;
  /** Whether packets between the lines are detected. */
  readonly detectsPackets: boolean;
  /** Whether the stream is judged, for the exit status. */
  readonly judges: boolean;
  /** The time of events before the stream gives one; by default the current. */
  readonly now?: () => Timestamp;
}

/**
 * Writes the tests of a stream of version 1 as packets, and passes on text and
 * packets in place.
 */
export class V1Converter {
  readonly #out: Output;
  readonly #packets: V1PacketEncoder;
  readonly #decoder: V1Decoder;
  readonly #judge: Judge | undefined;

  constructor(out: Output, { judges, ...options }: V1ConverterOptions) {
    this.#out = out;
    this.#packets = new V1PacketEncoder((packets) => out.write(packets));
    const judge = judges ? new Judge() : undefined;
    this.#judge = judge;
    this.#decoder = new V1Decoder({
      event: (event) => {
        this.#packets.add(event);
        judge?.verdict.add(event);
      },
      packet: (packet) => {
        this.#pass(packet.bytes);
        judge?.verdict.add(packet);
      },
      text: (text) => {
        if (!options.detectsPackets && mayBeginPacket(text)) {
          return this.#passAsFile(text);
        }
        this.#pass(text);
        judge?.addText(text);
      },
    }, { now, ...options });
  }

  /** Converts the lines that a chunk completes. */
  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    this.#packets.flush();
  }

  /** Converts the rest. Returns the exit status, 0 when nothing is judged. */
  end(): number {
    this.#decoder.end();
    this.#packets.flush();
    return this.#judge?.end() ?? 0;
  }

  /**
   * Ends text that would hide a packet after it; to be called after {@linkcode
   * end}.
   */
  makeRoom(): void {
    if (this.#decoder.endsInCharacter) this.#out.writeText("\n");
  }

  /** Passes on text that a reader of packets would not take for text. */
  #passAsFile(text: Uint8Array): void {
    const event = { runnable: true, fileName: "stdout", fileBytes: text };
    for (const packet of encodePackets(event)) this.#pass(packet);
  }

  #pass(bytes: Uint8Array): void {
    this.#packets.flush();
    this.#out.write(bytes);
  }
}

/** The byte that every packet begins with. */
const SIGNATURE = 0xb3;

/** Returns whether a reader of packets finds more than text in text. */
function mayBeginPacket(text: Uint8Array): boolean {
  if (!text.includes(SIGNATURE)) return false;
  const decoder = new PacketDecoder();
  decoder.push(text);
  decoder.end();
  let isText = true;
  decoder.drain((item) => isText &&= item.kind === "foreign");
  return !isText;
}

/** Judges a converted stream as a later stage would. */
class Judge {
  readonly verdict = new Verdict();
  readonly #text = new PacketDecoder();

  /** Looks for packets and damage in what is text in version 1. */
  addText(text: Uint8Array): void {
    this.#text.push(text);
    this.#drain();
  }

  /** Returns the exit status of the whole stream. */
  end(): number {
    this.#text.end();
    this.#drain();
    this.verdict.end();
    return this.verdict.exitStatus;
  }

  #drain(): void {
    this.#text.drain((item) => this.verdict.add(item));
  }
}
