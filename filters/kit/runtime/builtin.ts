/**
 * What runtimes bring along. Asked for by name, and when it is first used: an
 * import would be made at the start, and cost Deno 20 ms.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

type Crypto = typeof import("node:crypto");
type Zlib = typeof import("node:zlib");
export type { Hash } from "node:crypto";

function builtin<Module>(name: string): Module {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): unknown };
  };
  return process.getBuiltinModule(name) as Module;
}

let crypto: Crypto | undefined;
let zlib: Zlib | undefined;
const ofCrypto = () => crypto ??= builtin<Crypto>("node:crypto");
const ofZlib = () => zlib ??= builtin<Zlib>("node:zlib");

export const createHash: Crypto["createHash"] = (...args) =>
  ofCrypto().createHash(...args);
export const createHmac: Crypto["createHmac"] = (...args) =>
  ofCrypto().createHmac(...args);
export const randomBytes = (size: number) => ofCrypto().randomBytes(size);

export const zlibConstants = (): Zlib["constants"] => ofZlib().constants;
export const createGunzip: Zlib["createGunzip"] = (options) =>
  ofZlib().createGunzip(options);
export const createInflate: Zlib["createInflate"] = (options) =>
  ofZlib().createInflate(options);
export const createInflateRaw: Zlib["createInflateRaw"] = (options) =>
  ofZlib().createInflateRaw(options);
export const gunzipSync: Zlib["gunzipSync"] = (bytes, options) =>
  ofZlib().gunzipSync(bytes, options);
export const gzipSync: Zlib["gzipSync"] = (bytes, options) =>
  ofZlib().gzipSync(bytes, options);

/** Node, whose own modules start faster than what browsers have. */
const isNode = () => Deno.build === undefined;

/**
 * Unpacks what `gzipSync` has made. A tool that only reads starts in half the
 * time with this in place of `gunzipSync`.
 *
 * @throws when it is damaged, cut or unpacks to more than `most` bytes
 */
export async function gunzip(
  packed: Uint8Array,
  most: number,
): Promise<Uint8Array> {
  if (isNode()) return gunzipSync(packed, { maxOutputLength: most });
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  // What is wrong is thrown by the reader.
  writer.write(packed.slice()).catch(() => {});
  writer.close().catch(() => {});
  const chunks: Uint8Array[] = [];
  let count = 0;
  for await (const chunk of readable) {
    count += chunk.length;
    if (count > most) throw new Error(`It unpacks to more than ${most} bytes`);
    chunks.push(chunk);
  }
  return concat(chunks);
}

/** The hash of bytes, in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (isNode()) return createHash("sha256").update(bytes).digest("hex");
  const hash = await globalThis.crypto.subtle.digest(
    "SHA-256",
    bytes as Uint8Array<ArrayBuffer>,
  );
  return new Uint8Array(hash).toHex();
}
