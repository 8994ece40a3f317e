/**
 * Signing in-band: a signature packet after each window of a stream.
 *
 * @module
 */

import { createHash, type Hash } from "../../kit/runtime/builtin.ts";
import { PacketDecoder, type StreamItem } from "@subunit/codec";
import { closeStdin, readChunkAsync } from "../../kit/io/input.ts";
import { joinItems } from "../../kit/io/item_bytes.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import {
  buildSignaturePacket,
  isSignaturePacket,
  type Manifest,
  manifestText,
  NO_PACKET_SHA256,
  type WindowKind,
} from "./manifest.ts";
import { sign, type Signer } from "../signer.ts";
import { EXIT, SignedStreamError } from "../errors.ts";

/** How a stream is signed. */
export interface InbandSignOptions {
  readonly signer: Signer;
  /** 32 hexadecimal digits, unique to the stream. */
  readonly stream: string;
  readonly context: string;
  /** A window ends with the packet that makes it this long. */
  readonly windowBytes: number;
}

/**
 * Signs a stream item by item. Bytes pass on at once; only their hash is kept.
 */
export class InbandSigner {
  readonly #options: InbandSignOptions;
  readonly #write: (bytes: Uint8Array) => void;
  #window: Hash = createHash("sha256");
  #offset = 0;
  #length = 0;
  /** When the first byte of the window arrived, milliseconds. */
  #since = 0;
  #sequence = 0;
  #previous = NO_PACKET_SHA256;

  /** @param write takes bytes that are valid until it returns */
  constructor(
    options: InbandSignOptions,
    write: (bytes: Uint8Array) => void,
  ) {
    this.#options = options;
    this.#write = write;
  }

  /**
   * Since when bytes have been waiting for a signature, by performance.now();
   * undefined when none are.
   */
  get pendingSince(): number | undefined {
    return this.#length > 0 ? this.#since : undefined;
  }

  /** Writes the first packet. */
  open(): Promise<void> {
    return this.#seal("open");
  }

  /**
   * Takes the items of one chunk, which are contiguous in memory.
   *
   * @throws {SignedStreamError} status 6, when the stream is signed already
   */
  async add(items: readonly StreamItem[]): Promise<void> {
    let from = 0, length = this.#length;
    for (let index = 0; index < items.length; index++) {
      const item = items[index];
      if (isSignaturePacket(item)) {
        this.#pass(items.slice(from, index));
        throw new SignedStreamError(
          EXIT.signer,
          `Cannot sign at byte ${
            this.#offset + this.#length
          }: the stream carries signatures already: verify it with --strip first`,
        );
      }
      length += item.byteLength;
      if (length < this.#options.windowBytes) continue;
      this.#pass(items.slice(from, index + 1));
      from = index + 1;
      await this.flush();
      length = this.#length;
    }
    this.#pass(items.slice(from));
  }

  #pass(items: readonly StreamItem[]): void {
    if (items.length === 0) return;
    const bytes = joinItems(items);
    if (this.#length === 0) this.#since = performance.now();
    this.#window.update(bytes);
    this.#length += bytes.length;
    this.#write(bytes);
  }

  /** Signs the bytes that wait, if any. */
  async flush(): Promise<void> {
    if (this.#length > 0) await this.#seal("window");
  }

  /** Writes the last packet, which covers the bytes that wait. */
  end(): Promise<void> {
    return this.#seal("final");
  }

  async #seal(kind: WindowKind): Promise<void> {
    const { signer, stream, context } = this.#options;
    const manifest: Manifest = {
      stream,
      context,
      sequence: this.#sequence++,
      kind,
      offset: this.#offset,
      length: this.#length,
      windowSha256: this.#window.digest("hex"),
      previousSha256: this.#previous,
    };
    this.#offset += this.#length;
    this.#length = 0;
    this.#window = createHash("sha256");
    const lines = new TextEncoder().encode(manifestText(manifest));
    const signature = await sign(signer, lines);
    const packet = buildSignaturePacket(manifest, lines, signature);
    this.#previous = createHash("sha256").update(packet).digest("hex");
    this.#write(packet);
  }
}

/** How a stream is signed by the tool. */
export interface SignStreamOptions extends InbandSignOptions {
  /** How long bytes wait for their signature at most. */
  readonly intervalMs: number;
}

/**
 * Signs the stream in `files` (standard input when there are none) onto
 * standard output.
 *
 * @throws {SignedStreamError} status 6, when the signer fails or the stream is
 * signed already
 * @throws {ToolError} when input or output fails
 */
export async function signStream(
  io: ToolIO,
  options: SignStreamOptions,
  files: readonly string[],
): Promise<void> {
  const signer = new InbandSigner(options, (bytes) => io.out.write(bytes));
  const decoder = new PacketDecoder();
  const drain = () => {
    const items: StreamItem[] = [];
    decoder.drain((item) => items.push(item));
    return signer.add(items);
  };
  await signer.open();
  io.out.flush();
  const isStdin = files.length === 0 || files.length === 1 && files[0] === "-";
  const chunks = isStdin
    ? stdinChunks(signer, options.intervalMs)
    : io.chunks(files);
  for await (const chunk of chunks) {
    if (chunk !== undefined) {
      decoder.push(chunk);
      await drain();
    }
    // A timer may fire a little early: the signature is due all the same.
    const { pendingSince = Infinity } = signer;
    const isDue = performance.now() - pendingSince >= options.intervalMs;
    if (chunk === undefined || isDue) await signer.flush();
    io.out.flush();
  }
  decoder.end();
  await drain();
  await signer.end();
  io.out.flush();
}

/**
 * The chunks of standard input, and undefined whenever the signer's bytes have
 * waited long enough and must be signed before more arrive.
 */
async function* stdinChunks(
  signer: InbandSigner,
  intervalMs: number,
): AsyncGenerator<Uint8Array | undefined> {
  for (;;) {
    const reading = readChunkAsync();
    let isReading = true;
    try {
      const since = signer.pendingSince;
      if (since !== undefined) {
        const left = Math.max(0, since + intervalMs - performance.now());
        if (await isLate(reading, left)) yield undefined;
      }
      const chunk = await reading;
      isReading = false;
      if (chunk === undefined) return;
      yield chunk;
    } finally {
      if (isReading) {
        reading.catch(() => {});
        closeStdin();
      }
    }
  }
}

/** Whether a promise has not settled in so many milliseconds. */
async function isLate(
  promise: Promise<unknown>,
  milliseconds: number,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, true);
  });
  try {
    return await Promise.race([promise.then(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
