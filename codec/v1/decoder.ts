/**
 * Chunks in; events, packets and text out: reads version 1, the legacy text
 * protocol.
 *
 * @module
 */

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

/** The decoder's own buffer at first: a few pipe reads. */
const FIRST_BUFFER_BYTES = 256 * 1024;
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

  /** What is being read: the last chunk itself, or bytes of `#own`. */
  #source: Uint8Array = new Uint8Array(0);
  #view = viewOf(this.#source);
  /** Holds the undecided bytes of a chunk and the next chunk behind them. */
  #own: Uint8Array = new Uint8Array(0);
  #isOwn = false;
  /** The stream offset of `#source[0]`. */
  #base = 0;
  #end = 0;
  /** The first byte that is not decided: where a line begins, mostly. */
  #at = 0;
  /** Where the text begins that was not handed out; it ends at `#at`. */
  #textAt = 0;
  /** Whether `#at` is inside of a line, which is text. */
  #isInText = false;
  /** There is no line end between `#at` and this. */
  #searched = 0;
  /** There is no 0xB3 between `#at` and this. */
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
    const joined = this.#at < this.#end ? chunk.indexOf(LF) + 1 : 0;
    if (joined > 0) this.#readChunk(chunk.subarray(0, joined));
    this.#readChunk(joined > 0 ? chunk.subarray(joined) : chunk);
    // The chunk is its owner's again.
    if (!this.#isOwn && this.#at < this.#end) this.#hold(0);
  }

  /** Says that no more chunks come, and hands out the rest. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#read();
    if (this.#run.isInDetails) {
      this.#run.endDetails(this.#source.subarray(this.#at, this.#end));
      this.#at = this.#textAt = this.#end;
    }
    const { length } = this.#source;
    this.#endsInCharacter =
      characterStart(this.#source, this.#textAt, length, length) < length;
    this.#emitText();
    if (this.#run.isInTest && this.#endsInCharacter) {
      this.#handler.text(Uint8Array.of(LF));
      this.#endsInCharacter = false;
    }
    this.#run.end();
  }

  #readChunk(chunk: Uint8Array): void {
    this.#take(chunk);
    this.#read();
    this.#emitText();
  }

  #take(chunk: Uint8Array): void {
    if (this.#at === this.#end) {
      this.#base += this.#end;
      this.#source = chunk;
      this.#view = viewOf(chunk);
      this.#isOwn = false;
      this.#end = chunk.length;
      this.#at = this.#textAt = this.#searched = 0;
      this.#signatureAt = 0;
      return;
    }
    this.#hold(chunk.length);
    this.#own.set(chunk, this.#end);
    this.#end += chunk.length;
    this.#source = this.#own.subarray(0, this.#end);
  }

  /** Moves the undecided bytes to where `room` more fit behind them. */
  #hold(room: number): void {
    const undecided = this.#source.subarray(this.#at, this.#end);
    const needed = undecided.length + room;
    if (this.#isOwn && this.#at + needed <= this.#own.length) return;
    if (Math.max(needed, 2 * undecided.length) > this.#own.length) {
      // Twice what is needed, so that a byte is moved once on the average.
      this.#own = new Uint8Array(Math.max(2 * needed, FIRST_BUFFER_BYTES));
    }
    this.#own.set(undecided);
    this.#isOwn = true;
    this.#base += this.#at;
    this.#searched -= this.#at;
    this.#signatureAt -= this.#at;
    this.#end = undecided.length;
    this.#at = this.#textAt = 0;
    this.#source = this.#own.subarray(0, this.#end);
    this.#view = viewOf(this.#own);
  }

  #read(): void {
    while (this.#at < this.#end) {
      const goesOn = this.#run.isInDetails
        ? this.#readDetails()
        : this.#readKnown() || this.#readLine();
      if (!goesOn) return;
    }
  }

  /** Reads details; false when it takes more bytes. */
  #readDetails(): boolean {
    this.#at += this.#run.readDetails(this.#source.subarray(this.#at));
    this.#textAt = this.#searched = this.#at;
    return !this.#run.isInDetails;
  }

  /** Reads a line of those most tests consist of; false if it is another. */
  #readKnown(): boolean {
    if (this.#isInText) return false;
    const stop = this.#run.readKnown(
      this.#source,
      this.#view,
      this.#at,
      this.#end,
    );
    if (stop < 0) return false;
    this.#emitText();
    this.#at = this.#textAt = this.#searched = stop;
    return true;
  }

  /** Reads a line, or up to a packet in it; false when it takes more bytes. */
  #readLine(): boolean {
    const from = Math.max(this.#at, this.#searched);
    const lineEnd = this.#source.indexOf(LF, from) + 1;
    const stop = lineEnd > 0 ? lineEnd : this.#end;
    if (this.#probe !== undefined && this.#seekSignature(this.#at, stop)) {
      const packet = this.#findPacket(this.#probe, stop);
      if (packet === undefined) return false;
      if (packet !== false) return this.#passPacket(packet);
    }
    if (lineEnd === 0 && !this.#ended) {
      this.#readBeginning(stop);
      return false;
    }
    const isText = this.#isInText ||
      !this.#run.read(this.#source, this.#view, this.#at, stop);
    if (!isText) {
      this.#emitText();
      this.#textAt = stop;
    }
    this.#isInText = false;
    this.#at = this.#searched = stop;
    return true;
  }

  /** Lets the beginning of a line go, up to `stop`, that can only be text. */
  #readBeginning(stop: number): void {
    const mayBeMore = !this.#isInText &&
      (stop === this.#at || this.#run.mayRead(this.#source, this.#at, stop));
    if (!mayBeMore) {
      this.#isInText = true;
      // The rest of a character may end in 0xB3.
      this.#at = characterStart(this.#source, this.#at, stop, this.#end);
    }
    this.#searched = stop;
  }

  /**
   * Moves `#signatureAt` to the first 0xB3 from `from` on; false when none is
   * before `stop`.
   */
  #seekSignature(from: number, stop: number): boolean {
    for (let at = Math.max(from, this.#signatureAt); at < stop;) {
      // A call for each line would take longer than the search.
      const end = Math.min(Math.max(stop, at + SEEK_BYTES), this.#end);
      const found = this.#source.subarray(at, end).indexOf(SIGNATURE);
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
    const source = this.#source, end = this.#end;
    for (;;) {
      const at = this.#signatureAt;
      const character = characterStart(source, this.#at, at, end);
      const packet = character === at
        ? probe.packetAt(source, this.#view, this.#base, at, end)
        : characterLength(source, character, end) === INCOMPLETE
        ? undefined
        : this.#claims.packetAt(source, this.#view, this.#base, at, end);
      if (packet instanceof Packet) return packet;
      if (packet === undefined && !this.#ended) {
        this.#readBeginning(character);
        return undefined;
      }
      if (!this.#seekSignature(at + 1, stop)) return false;
    }
  }

  #passPacket(packet: Packet): true {
    this.#at = packet.start;
    this.#emitText();
    this.#handler.packet(packet);
    this.#at = this.#textAt = this.#searched = packet.end;
    this.#isInText = false;
    return true;
  }

  #emitText(): void {
    if (this.#textAt === this.#at) return;
    this.#handler.text(this.#source.subarray(this.#textAt, this.#at));
    this.#textAt = this.#at;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
