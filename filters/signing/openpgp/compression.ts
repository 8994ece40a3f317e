/**
 * Compressed data (RFC 9580, section 5.6), inflated only as fast as it is read.
 *
 * openpgp itself has no backpressure: a message of 1 GB took 1.2 GB of memory.
 *
 * @module
 */

import { createInflate, createInflateRaw } from "../../kit/runtime/builtin.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import { malformed } from "./packets.ts";

/** RFC 9580, section 9.4. */
const COMPRESSION = { zip: 1, zlib: 2, bzip2: 3 } as const;

/** How many inflated bytes are passed on at a time. */
const INFLATE_BYTES = 64 * 1024;

/** The contents of a compressed data packet, at most one chunk ahead. */
export async function* decompress(
  body: AsyncIterable<Uint8Array>,
  algorithm: number,
): AsyncGenerator<Uint8Array> {
  const options = { chunkSize: INFLATE_BYTES };
  const inflate = algorithm === COMPRESSION.zip
    ? createInflateRaw(options)
    : algorithm === COMPRESSION.zlib
    ? createInflate(options)
    : undefined;
  if (inflate === undefined) {
    throw malformed(
      `Cannot read the message: compression ${
        algorithm === COMPRESSION.bzip2 ? "by bzip2" : algorithm
      } is unsupported, expected zip, zlib or none`,
    );
  }
  let failure: unknown;
  let hasMore = false;
  const feed = async () => {
    let given = 0;
    for await (const bytes of body) {
      await new Promise<void>((done, fail) =>
        // zlib may keep what it has not read yet; the chunk is reused.
        inflate.write(bytes.slice(), (error) => error ? fail(error) : done())
      );
      given += bytes.length;
      // zlib silently ignores bytes after the end of its data.
      hasMore = inflate.bytesWritten < given;
      if (hasMore) break;
    }
    inflate.end();
  };
  const fed = feed().catch((error) => {
    failure = error;
    inflate.destroy();
  });
  try {
    for await (const bytes of inflate) yield bytes;
  } catch (error) {
    failure ??= error;
  } finally {
    inflate.destroy();
  }
  await fed;
  if (failure !== undefined) throw asSignedStreamError(failure);
  if (hasMore) {
    throw malformed(
      "Cannot trust the message: there are bytes after its compressed data",
    );
  }
}

/** An error of zlib, by its code. */
function asSignedStreamError(error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code === "Z_BUF_ERROR") {
    return new SignedStreamError(
      EXIT.bad,
      "Cannot read the message: its compressed data ends too early",
    );
  }
  return code?.startsWith("Z_")
    ? malformed(
      "Cannot read the message: its compressed data is damaged",
    )
    : error;
}
