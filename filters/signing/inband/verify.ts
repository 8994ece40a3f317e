/**
 * Verifying in-band: a window is released once the signature packet after it
 * checks out, so that the output is always a prefix of the signed stream.
 *
 * @module
 */

import { createHash, type Hash } from "../../kit/runtime/builtin.ts";
import { type Packet, PacketDecoder } from "@subunit/codec";
import {
  type Manifest,
  NO_PACKET_SHA256,
  readSignaturePacket,
  type WindowKind,
} from "./manifest.ts";
import { type Part, Parts } from "./parts.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import { digestOf } from "../openpgp/signature_hash.ts";
import {
  conclude,
  type SignatureRecord,
  type SignatureVerifier,
} from "../verdicts.ts";

/** How a stream is verified. */
export interface InbandVerifyOptions {
  readonly verifier: SignatureVerifier;
  /** The expected context; undefined accepts any. */
  readonly context?: string;
  /** The longest window that is held. */
  readonly maxWindowBytes: number;
  /** How many bytes are released at most. */
  readonly maxBytes: number;
  /** Whether signature packets are dropped. */
  readonly strip: boolean;
  /** Is called with the stream's id once the first packet checks out. */
  opened?(stream: string): void;
  /** Is called with each verdict, before its window is released. */
  judged?(record: SignatureRecord, manifest: Manifest): void;
  /** Takes released bytes, which are valid until it returns. */
  release(bytes: Uint8Array): void;
}

/** A verified stream. */
export interface VerifiedStream {
  readonly stream: string;
  readonly context: string;
  readonly bytes: number;
  readonly signatures: number;
}

/** The initial buffer of a window. */
const FIRST_WINDOW_BYTES = 512 * 1024;

/** The bytes of a window, held and hashed until its signature arrives. */
class Window {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(FIRST_WINDOW_BYTES);
  #hash: Hash = createHash("sha256");
  length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes bytes; returns false and takes none when they are too many. */
  add(bytes: Uint8Array): boolean {
    const length = this.length + bytes.length;
    if (length > this.#maxBytes) return false;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(
        Math.min(this.#maxBytes, Math.max(length, 2 * this.#bytes.length)),
      );
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.length);
    this.#hash.update(bytes);
    this.length = length;
    return true;
  }

  /** The bytes held; valid until the next are added. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** The hash of the bytes held; can be read once. */
  sha256(): string {
    return this.#hash.digest("hex");
  }

  clear(): void {
    this.length = 0;
    this.#hash = createHash("sha256");
  }
}

/** Verifies a stream part by part. */
export class InbandVerifier {
  readonly #options: InbandVerifyOptions;
  readonly #window: Window;
  /** The fields of the last good packet. */
  #last: Manifest | undefined;
  #previous = NO_PACKET_SHA256;
  #offset = 0;
  /** The keys that signed the first packet and must sign all others. */
  #signers: readonly string[] = [];
  #signatures = 0;

  constructor(options: InbandVerifyOptions) {
    this.#options = options;
    this.#window = new Window(options.maxWindowBytes);
  }

  /**
   * Takes the parts of a chunk.
   *
   * @throws {SignedStreamError} when the stream is not what was signed; the
   * bytes released before are
   */
  async add(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      if (part instanceof Uint8Array) this.#hold(part);
      else await this.#check(part);
    }
  }

  #hold(bytes: Uint8Array): void {
    this.#expectMore();
    if (this.#window.add(bytes)) return;
    const { maxWindowBytes } = this.#options;
    throw this.#last === undefined
      ? new SignedStreamError(
        EXIT.malformed,
        `Cannot verify: there is no signature in the first ${maxWindowBytes} bytes`,
      )
      : new SignedStreamError(
        EXIT.trouble,
        `Cannot hold the window at byte ${this.#offset}: it is longer than ${maxWindowBytes} bytes: see --max-window`,
      );
  }

  #expectMore(): void {
    if (this.#last?.kind === "final") {
      throw this.#refusal("there is more after the end of the signed stream");
    }
  }

  /** Checks a signature packet and releases its window, or throws. */
  async #check(packet: Packet): Promise<void> {
    this.#expectMore();
    const { verifier, opened, judged, strip, release } = this.#options;
    const { manifest, lines, signatures } = await readSignaturePacket(packet);
    const records: SignatureRecord[] = [];
    for (const signature of signatures) {
      const digest = digestOf(signature, lines);
      const record = await verifier.judge(signature, digest);
      judged?.(record, manifest);
      records.push(record);
    }
    const { exitStatus, reason } = conclude(records, verifier.policy);
    if (exitStatus !== EXIT.verified) {
      throw new SignedStreamError(
        exitStatus,
        `Cannot trust the stream after byte ${this.#offset}: ${reason}`,
      );
    }
    this.#checkPlace(manifest);
    this.#checkSigners(records.map(nameOf));
    if (manifest.kind === "open") opened?.(manifest.stream);
    this.#last = manifest;
    this.#signatures += records.length;
    this.#offset += manifest.length;
    this.#previous = createHash("sha256").update(packet.bytes).digest("hex");
    release(this.#window.bytes);
    if (!strip) release(packet.bytes);
    this.#window.clear();
  }

  /** Checks every field against the state of the stream. */
  #checkPlace(manifest: Manifest): void {
    const last = this.#last;
    const { context = manifest.context, maxBytes } = this.#options;
    const kinds: readonly WindowKind[] = last === undefined
      ? ["open"]
      : ["window", "final"];
    const { stream, sequence, kind, offset, length } = manifest;
    if (last !== undefined && stream !== last.stream) {
      throw this.#refusal("a signature is of another stream");
    }
    if (last === undefined && kind !== "open") {
      throw this.#refusal("the start of the signed stream is missing");
    }
    if (!kinds.includes(kind)) {
      throw this.#refusal(`a signature of kind "${kind}" does not belong here`);
    }
    if (manifest.context !== (last?.context ?? context)) {
      throw this.#refusal(
        `the stream is signed for the context "${manifest.context}", expected "${
          last?.context ?? context
        }"`,
      );
    }
    const expected = last === undefined ? 0 : last.sequence + 1;
    if (sequence !== expected) {
      throw this.#refusal(
        `signature ${sequence} is here, expected ${expected}`,
      );
    }
    if (manifest.previousSha256 !== this.#previous) {
      throw this.#refusal("a signature does not follow the one before");
    }
    if (offset !== this.#offset || length !== this.#window.length) {
      throw this.#refusal(
        `a signature covers ${length} bytes from byte ${offset}, there are ${this.#window.length}`,
      );
    }
    if (manifest.windowSha256 !== this.#window.sha256()) {
      throw this.#refusal("its bytes are not those that were signed");
    }
    if (kind === "open" && length !== 0) {
      throw this.#refusal(
        "there are bytes before the start of the signed stream",
      );
    }
    if (offset + length > maxBytes) {
      throw new SignedStreamError(
        EXIT.trouble,
        `Cannot release more than ${maxBytes} bytes: see --max-bytes`,
      );
    }
  }

  /** Checks that the packet is signed by exactly the keys of the first one. */
  #checkSigners(signers: readonly string[]): void {
    if (this.#last === undefined) {
      this.#signers = signers;
      return;
    }
    const left = this.#signers.find((name) => !signers.includes(name));
    const joined = signers.find((name) => !this.#signers.includes(name));
    if (left !== undefined) {
      throw this.#refusal(
        joined === undefined
          ? `the key ${left} no longer signs`
          : "another key goes on signing",
      );
    }
    if (joined !== undefined) {
      throw this.#refusal(`the key ${joined} signs but did not sign the start`);
    }
    if (signers.some((name, at) => name !== this.#signers[at])) {
      throw this.#refusal(
        "its signatures are not in the order of the first packet",
      );
    }
  }

  /**
   * Ends the stream.
   *
   * @throws {SignedStreamError} status 1 when it ends too early, 4 when it has
   * no signature at all
   */
  end(): VerifiedStream {
    const last = this.#last;
    if (last === undefined) {
      throw new SignedStreamError(
        EXIT.malformed,
        "Cannot verify: there is no signature in the stream",
      );
    }
    if (last.kind !== "final") {
      throw this.#refusal("the signed stream is cut off");
    }
    return {
      stream: last.stream,
      context: last.context,
      bytes: this.#offset,
      signatures: this.#signatures,
    };
  }

  #refusal(detail: string): SignedStreamError {
    return new SignedStreamError(
      EXIT.bad,
      `Cannot trust the stream after byte ${this.#offset}: ${detail}`,
    );
  }
}

/** The key that made a signature: its primary key if it is known. */
function nameOf(record: SignatureRecord): string {
  return record.primary ?? record.fingerprint ?? record.key_id;
}

/**
 * Verifies the stream in `chunks`.
 *
 * @param chunks each is valid until the next
 * @throws {SignedStreamError} when the stream is not what was signed
 */
export async function verifyStream(
  options: InbandVerifyOptions,
  chunks: Iterable<Uint8Array>,
): Promise<VerifiedStream> {
  const verifier = new InbandVerifier(options);
  const decoder = new PacketDecoder();
  const parts = new Parts();
  const drain = () => {
    decoder.drainRows(
      (rows) => parts.addRows(rows),
      (item) => parts.addOther(item),
    );
    return verifier.add(parts.take());
  };
  for (const chunk of chunks) {
    decoder.push(chunk);
    await drain();
  }
  decoder.end();
  await drain();
  return verifier.end();
}
