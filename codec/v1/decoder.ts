/**
 * Decodes version 1, the legacy text protocol, into events, packets and text.
 *
 * @module
 */

import { change, FOREIGN_FILE_NAME, type StatusEvent } from "../event.ts";
import { EventDecoderStream } from "../stream_pair.ts";
import { ReadBuffer } from "../text/read_buffer.ts";
import { characterLength, characterStart, INCOMPLETE } from "../text/utf8.ts";
import { TextClaims } from "../v2/claim.ts";
import { SIGNATURE } from "../v2/layout.ts";
import { Packet } from "../v2/packet.ts";
import type { V1Event } from "./event.ts";
import { LF } from "./line.ts";
import { PacketProbe } from "./probe.ts";
import { V1Run, type V1RunOptions } from "./run.ts";

/** Receives the content of a stream, in order. */
export interface V1Handler {
  /** Called with an event of a test: a view, valid until this returns. */
  event(event: V1Event): void;
  /** Called with a packet of version 2: a view, valid until this returns. */
  packet(packet: Packet): void;
  /** Called with anything else: a view, valid until this returns. */
  text(bytes: Uint8Array): void;
}

/** Options of a {@linkcode V1Decoder}. */
export interface V1DecoderOptions extends V1RunOptions {
  /**
   * Whether there may be packets of version 2 between the lines; true by
   * default.
   */
  readonly detectsPackets?: boolean;
}

const NOTHING = new Uint8Array(0);

/** How many bytes at least are searched for a 0xB3 at a time. */
const SEEK_BYTES = 1024;

/**
 * Decodes versions 1 and 1.1 from a stream that may contain other text, and
 * packets of version 2.
 *
 * A test starts with an `inprogress` event and ends with its outcome; its files
 * come between. The time of an event is that of the last `time:` line. A test
 * that is interrupted by another test, by a `progress:` line or by the end of
 * input is a failure. Progress itself is dropped.
 *
 * All other lines are text, which is passed on byte for byte and as early as
 * possible, except that characters are kept whole. Lines that name another test
 * than the one in progress are text too.
 *
 * How the input is split into chunks makes no difference, except to how text is
 * split. At most the length of two packets (8 MiB) is held.
 *
 * @example
 * ```ts
 * import { V1Decoder } from "@subunit/codec/v1";
 *
 * const decoder = new V1Decoder({
 *   event: ({ testId, status }) => console.log(testId, status),
 *   packet() {},
 *   text() {},
 * });
 * decoder.push(new TextEncoder().encode("test: a\nsuccess: a\n"));
 * decoder.end(); // a inprogress, a success
 * ```
 */
export class V1Decoder {
  readonly #handler: V1Handler;
  readonly #run: V1Run;
  readonly #probe: PacketProbe | undefined;
  readonly #claims = new TextClaims();
  #ended = false;

  /** Undecided bytes mostly begin a line. */
  readonly #buffer = new ReadBuffer();
  /** Where decided text begins that has not been emitted. */
  #textAt = 0;
  /** Whether undecided bytes continue a line of text. */
  #isInText = false;
  /** No undecided byte before this index is a line end. */
  #searched = 0;
  /** No undecided byte before this index is a 0xB3. */
  #signatureAt = 0;
  #endsInCharacter = false;

  constructor(
    handler: V1Handler,
    { detectsPackets = true, ...options }: V1DecoderOptions = {},
  ) {
    this.#handler = handler;
    this.#probe = detectsPackets ? new PacketProbe() : undefined;
    this.#run = new V1Run((event) => {
      this.#emitText();
      this.#handler.event(event);
    }, options);
  }

  /**
   * Whether the text at the end of input ends within a UTF-8 character: a
   * packet right after it would be taken for the rest of the character.
   */
  get endsInCharacter(): boolean {
    return this.#endsInCharacter;
  }

  /**
   * Decodes a chunk and passes on everything that is decided.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): void {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    // Undecided bytes mostly need only the rest of their line, so the whole
    // chunk need not be copied.
    const { at, end } = this.#buffer;
    const joined = at < end ? chunk.indexOf(LF) + 1 : 0;
    if (joined > 0) this.#readChunk(chunk.subarray(0, joined));
    this.#readChunk(joined > 0 ? chunk.subarray(joined) : chunk);
    this.#shift(this.#buffer.release());
  }

  /** Ends the input and passes on the rest. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#read();
    const { source, at, end } = this.#buffer;
    if (this.#run.isInDetails) {
      // The last chunk may be detached by now.
      this.#run.endDetails(at < end ? source.subarray(at, end) : NOTHING);
      this.#pass(end);
    }
    this.#endsInCharacter =
      characterStart(source, this.#textAt, end, end) < end;
    this.#emitText();
    if (this.#run.isInTest && this.#endsInCharacter) {
      this.#handler.text(Uint8Array.of(LF));
      this.#endsInCharacter = false;
    }
    this.#run.end();
  }

  #readChunk(chunk: Uint8Array): void {
    this.#shift(this.#buffer.push(chunk));
    this.#read();
    this.#emitText();
  }

  /**
   * Adjusts the indices of bytes that have moved, when all text has been
   * emitted.
   */
  #shift(moved: number): void {
    this.#searched -= moved;
    this.#signatureAt -= moved;
    this.#textAt = this.#buffer.at;
  }

  /** Continues at `place`: everything before it has been passed on. */
  #pass(place: number): void {
    this.#buffer.at = this.#textAt = this.#searched = place;
  }

  #read(): void {
    while (this.#buffer.at < this.#buffer.end) {
      const canContinue = this.#run.isInDetails
        ? this.#readDetails()
        : this.#readKnown() || this.#readLine();
      if (!canContinue) return;
    }
  }

  /** Reads details; false when more bytes are needed. */
  #readDetails(): boolean {
    const { source, at } = this.#buffer;
    this.#pass(at + this.#run.readDetails(source.subarray(at)));
    return !this.#run.isInDetails;
  }

  /** Reads a line of the most common kinds; false when it is of another. */
  #readKnown(): boolean {
    if (this.#isInText) return false;
    const { source, view, at, end } = this.#buffer;
    const stop = this.#run.readKnown(source, view, at, end);
    if (stop < 0) return false;
    this.#emitText();
    this.#pass(stop);
    return true;
  }

  /**
   * Reads a line, or up to a packet in it; false when more bytes are needed.
   */
  #readLine(): boolean {
    const { source, view, at, end } = this.#buffer;
    const lineEnd = source.indexOf(LF, Math.max(at, this.#searched)) + 1;
    const stop = lineEnd > 0 ? lineEnd : end;
    if (this.#probe !== undefined && this.#seekSignature(at, stop)) {
      const packet = this.#findPacket(this.#probe, stop);
      if (packet === undefined) return false;
      if (packet !== false) return this.#passPacket(packet);
    }
    if (lineEnd === 0 && !this.#ended) {
      this.#readBeginning(stop);
      return false;
    }
    const isText = this.#isInText ||
      !this.#run.read(source, view, at, stop);
    if (!isText) {
      this.#emitText();
      this.#textAt = stop;
    }
    this.#isInText = false;
    this.#buffer.at = this.#searched = stop;
    return true;
  }

  /** Releases the beginning of a line, up to `stop`, if it can only be text. */
  #readBeginning(stop: number): void {
    const { source, at, end } = this.#buffer;
    const mayBeMore = !this.#isInText &&
      (stop === at || this.#run.mayRead(source, at, stop));
    if (!mayBeMore) {
      this.#isInText = true;
      // The rest of a character may end in 0xB3.
      this.#buffer.at = characterStart(source, at, stop, end);
    }
    this.#searched = stop;
  }

  /**
   * Moves `#signatureAt` to the first 0xB3 from `from` on; false when there is
   * none before `stop`.
   */
  #seekSignature(from: number, stop: number): boolean {
    const { source, end: last } = this.#buffer;
    for (let at = Math.max(from, this.#signatureAt); at < stop;) {
      // A call for each line would take longer than the search.
      const end = Math.min(Math.max(stop, at + SEEK_BYTES), last);
      const found = source.subarray(at, end).indexOf(SIGNATURE);
      this.#signatureAt = found < 0 ? end : at + found;
      if (found >= 0) return this.#signatureAt < stop;
      at = end;
    }
    return false;
  }

  /**
   * The first packet that begins before `stop`; false when there is none,
   * undefined when that depends on more bytes.
   */
  #findPacket(probe: PacketProbe, stop: number): Packet | false | undefined {
    const { source, view, base, at: from, end } = this.#buffer;
    for (;;) {
      const at = this.#signatureAt;
      const character = characterStart(source, from, at, end);
      const packet = character === at
        ? probe.packetAt(source, view, base, at, end)
        : characterLength(source, character, end) === INCOMPLETE
        ? undefined
        : this.#claims.packetAt(source, view, base, at, end);
      if (packet instanceof Packet) return packet;
      if (packet === undefined && !this.#ended) {
        this.#readBeginning(character);
        return undefined;
      }
      if (!this.#seekSignature(at + 1, stop)) return false;
    }
  }

  #passPacket(packet: Packet): true {
    this.#buffer.at = packet.start;
    this.#emitText();
    this.#handler.packet(packet);
    this.#pass(packet.end);
    this.#isInText = false;
    return true;
  }

  #emitText(): void {
    const { source, at } = this.#buffer;
    if (this.#textAt === at) return;
    this.#handler.text(source.subarray(this.#textAt, at));
    this.#textAt = at;
  }
}

/**
 * Decodes version 1: a {@linkcode V1Decoder} as web streams, bytes in, events
 * out. Packets of version 2 are events too, and text becomes parts of the file
 * "stdout" without a test.
 *
 * @example
 * ```ts
 * import { V1DecoderStream } from "@subunit/codec/v1";
 *
 * const events = new Blob(["test: a\nfailure: a [\nno luck\n]\n"])
 *   .stream().pipeThrough(new V1DecoderStream());
 * for await (const { testId, status, fileName } of events) {
 *   console.log(testId, status ?? fileName);
 *   // a inprogress
 *   // a traceback
 *   // a fail
 * }
 * ```
 */
export class V1DecoderStream extends EventDecoderStream {
  constructor(options: V1DecoderOptions = {}) {
    let events: StatusEvent[] = [];
    const decoder = new V1Decoder({
      event: (event) =>
        events.push(change(event, { fileBytes: event.fileBytes?.slice() })),
      packet: (packet) => events.push(packet.copy()),
      text: (bytes) =>
        events.push({
          runnable: true,
          fileName: FOREIGN_FILE_NAME,
          fileBytes: bytes.slice(),
        }),
    }, options);
    const take = () => {
      const taken = events;
      events = [];
      return taken;
    };
    super({
      push(chunk) {
        decoder.push(chunk);
        return take();
      },
      end() {
        decoder.end();
        return take();
      },
    });
  }
}
