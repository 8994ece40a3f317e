/**
 * What the npm package is made of, as the workspace has it.
 *
 * @module
 */

import { toolNames } from "../tool_path.ts";

/** A package as its `deno.json` has it. */
export interface Manifest {
  readonly version: string;
  /** The modules by what they are imported as: "./tap" is "./tap/mod.ts". */
  readonly exports: Readonly<Record<string, string>>;
}

/** Of the npm package, its tarball, and the command that runs a tool by name. */
export const NAME = "subunit-tools";

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname;

function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(ROOT + path));
}

/** What the root says of the whole. */
interface Project extends Manifest {
  /** The import map, where all dependencies are pinned. */
  readonly imports: Readonly<Record<string, string>>;
  /** The project's address on the web, once it has one. */
  readonly repository?: string;
}

/** The whole. */
export const PROJECT: Project = readJson("deno.json");

/** The library. */
export const CODEC: Manifest = readJson("codec/deno.json");

/** The modules of the library, from the checkout. */
export const LIBRARY: readonly string[] = Object.values(CODEC.exports)
  .map((path) => path.replace(/^\./, "codec"));

/** The names of the executables. */
export const TOOLS: readonly string[] = toolNames();

/** The modules that the executables are, from the checkout. */
export const EXECUTABLES: readonly string[] = TOOLS
  .map((name) => `filters/${name}.ts`);

/** Runs a command, whose words are shown when it fails. */
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
