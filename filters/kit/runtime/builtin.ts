/**
 * What runtimes bring along. Asked for by name, not imported: in one file with
 * everything else, an import would be made at the start, and cost 20 ms.
 *
 * @module
 */

const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): unknown };
};

export const { createHash, randomBytes } = process.getBuiltinModule(
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

/** SQLite; undefined where the runtime has none, as Node 20. */
export function sqlite(): typeof import("node:sqlite") | undefined {
  try {
    return process.getBuiltinModule("node:sqlite") as
      | typeof import("node:sqlite")
      | undefined;
  } catch {
    return undefined;
  }
}
