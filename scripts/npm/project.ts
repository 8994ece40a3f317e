/**
 * The sources of the npm package in the workspace.
 *
 * @module
 */

import { toolNames } from "../tool_path.ts";

/** The `deno.json` of a package. */
export interface Manifest {
  readonly version: string;
  /** The modules by the name of their import: "./tap" is "./tap/mod.ts". */
  readonly exports: Readonly<Record<string, string>>;
}

/** The name of the npm package, its tarball, and the command that runs a tool. */
export const NAME = "subunit-tools";

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname;

function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(ROOT + path));
}

/** The `deno.json` of the root. */
interface Project extends Manifest {
  /** The import map, where all dependencies are pinned. */
  readonly imports: Readonly<Record<string, string>>;
  /** The project's address on the web, once it has one. */
  readonly repository?: string;
}

/** The manifest of the root. */
export const PROJECT: Project = readJson("deno.json");

/** The manifest of the library. */
export const CODEC: Manifest = readJson("codec/deno.json");

/** The modules of the library, relative to the checkout. */
export const LIBRARY: readonly string[] = Object.values(CODEC.exports)
  .map((path) => path.replace(/^\./, "codec"));

/** The names of the executables. */
export const TOOLS: readonly string[] = toolNames();

/** The modules of the executables, relative to the checkout. */
export const EXECUTABLES: readonly string[] = TOOLS
  .map((name) => `filters/${name}.ts`);

/**
 * Packages that npm installs beside ours, where it can, and that are loaded only
 * where they are needed: SQLite for Node 20, a program in WebAssembly.
 */
export const OPTIONAL_PACKAGES: readonly string[] = ["node-sqlite3-wasm"];

/** The version of a package that the import map pins. */
export function pinnedVersion(name: string): string {
  const prefix = `npm:${name}@`, pinned = PROJECT.imports[name];
  if (pinned?.startsWith(prefix)) return pinned.slice(prefix.length);
  throw new Error(`Cannot find the version of ${name} in the import map`);
}

/** Runs a command; an error has its output. */
export async function run(
  [program, ...args]: readonly string[],
  cwd = ROOT,
): Promise<void> {
  const command = new Deno.Command(program, { args, cwd });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const words = [stdout, stderr].map((it) => new TextDecoder().decode(it));
  throw new Error(`${program} ${args.join(" ")} failed:\n${words.join("")}`);
}
