/**
 * Chunks in; events, packets and text out: reads version 1, the legacy text
 * protocol.
 *
 * @module
 */

import { ReadBuffer } from "../text/read_buffer.ts";
import { characterLength, characterStart, INCOMPLETE } from "../text/utf8.ts";
import { TextClaims } from "../v2/claim.ts";
import { SIGNATURE } from "../v2/layout.ts";
import { Packet } from "../v2/packet.ts";
import type { V1Event } from "./event.ts";
import { LF } from "./line.ts";
import { PacketProbe } from "./probe.ts";
import { V1Run, type V1RunOptions } from "./run.ts";

/** Takes what is in a stream, in its order. */
export interface V1Handler {
  /** An event of a test: a view, good until this returns. */
  event(event: V1Event): void;
  /** A packet of version 2: a view, good until this returns. */
  packet(packet: Packet): void;
  /** What is neither: a view, good until this returns. */
  text(bytes: Uint8Array): void;
}

/** How a {@linkcode V1Decoder} is to work. */
export interface V1DecoderOptions extends V1RunOptions {
  /** Whether packets of version 2 may stand between the lines; they may. */
  readonly detectsPackets?: boolean;
}

/** How far a 0xB3 is looked for at least. */
const SEEK_BYTES = 1024;

/**
 * Reads version 1 and 1.1 from a stream that may hold other text, and packets
 * of version 2.
 *
 * A test starts with an `inprogress` event and ends with its outcome; its
 * files come between. The time of an event is the last that a `time:` line
 * told. A test that another one interrupts, a `progress:` line or the end of
 * input is a failure. What is said of progress is lost.
 *
 * All other lines are text, handed out as the bytes they are, as early as
 * their beginning shows it; an incomplete character waits for its rest. A line
 * that names another test than the one in progress is text, too.
 *
 * How the input is cut into chunks makes no difference, but for how text is.
 * At most two packets' length (8 MiB) is held.
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

  /** What is undecided begins a line, mostly. */
  readonly #buffer = new ReadBuffer();
  /** Where the text begins that was not handed out; it is decided. */
  #textAt = 0;
  /** Whether what is undecided is inside of a line, which is text. */
  #isInText = false;
  /** No undecided byte before this place is a line end. */
  #searched = 0;
  /** No undecided byte before this place is a 0xB3. */
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
   * Whether the text at the end of input ends inside of a UTF-8 character: a
   * packet right behind it would be taken for the character's rest.
   */
  get endsInCharacter(): boolean {
    return this.#endsInCharacter;
  }

  /**
   * Takes in a chunk, and hands out what is decided then.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): void {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    // What is held mostly needs the rest of its line, not a copy of it all.
    const { at, end } = this.#buffer;
    const joined = at < end ? chunk.indexOf(LF) + 1 : 0;
    if (joined > 0) this.#readChunk(chunk.subarray(0, joined));
    this.#readChunk(joined > 0 ? chunk.subarray(joined) : chunk);
    this.#shift(this.#buffer.release());
  }

  /** Says that no more chunks come, and hands out the rest. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#read();
    const { source, at, end } = this.#buffer;
    if (this.#run.isInDetails) {
      this.#run.endDetails(source.subarray(at, end));
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

  /** Corrects the places of bytes that have moved. No text is left. */
  #shift(moved: number): void {
    this.#searched -= moved;
    this.#signatureAt -= moved;
    this.#textAt = this.#buffer.at;
  }

  /** Goes on at `place`: what is before it is handed out. */
  #pass(place: number): void {
    this.#buffer.at = this.#textAt = this.#searched = place;
  }

  #read(): void {
    while (this.#buffer.at < this.#buffer.end) {
      const goesOn = this.#run.isInDetails
        ? this.#readDetails()
        : this.#readKnown() || this.#readLine();
      if (!goesOn) return;
    }
  }

  /** Reads details; false when it takes more bytes. */
  #readDetails(): boolean {
    const { source, at } = this.#buffer;
    this.#pass(at + this.#run.readDetails(source.subarray(at)));
    return !this.#run.isInDetails;
  }

  /** Reads a line of those most tests consist of; false if it is another. */
  #readKnown(): boolean {
    if (this.#isInText) return false;
    const { source, view, at, end } = this.#buffer;
    const stop = this.#run.readKnown(source, view, at, end);
    if (stop < 0) return false;
    this.#emitText();
    this.#pass(stop);
    return true;
  }

  /** Reads a line, or up to a packet in it; false when it takes more bytes. */
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

  /** Lets the beginning of a line go, up to `stop`, that can only be text. */
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
   * Moves `#signatureAt` to the first 0xB3 from `from` on; false when none is
   * before `stop`.
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
   * undefined when it takes more bytes to tell.
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
