/**
 * What runtimes bring along. Asked for by name, not imported: in one file with
 * everything else, an import would be made at the start, and cost 20 ms.
 *
 * @module
 */

const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): unknown };
};

export const { createHash, createHmac, randomBytes } = process.getBuiltinModule(
  "node:crypto",
) as typeof import("node:crypto");
export type { Hash } from "node:crypto";

export const {
  constants: zlibConstants,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  gunzipSync,
  gzipSync,
} = process.getBuiltinModule(
  "node:zlib",
) as typeof import("node:zlib");
