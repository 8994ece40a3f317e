/**
 * What the npm package is made of, as the workspace has it.
 *
 * @module
 */

/** A member of the workspace: its `deno.json`. */
export interface Member {
  readonly version: string;
  readonly license: string;
  /** The modules by what they are imported as: "./tap" is "./tap/mod.ts". */
  readonly exports: Readonly<Record<string, string>>;
}

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname;

function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(ROOT + path));
}

/** The root's import map, where all dependencies are pinned. */
export const IMPORTS: Readonly<Record<string, string>> =
  readJson("deno.json").imports;

/** The library. */
export const CODEC: Member = readJson("codec/deno.json");

/** The executables. */
export const FILTERS: Member = readJson("filters/deno.json");

/** The paths of a member's modules, from the checkout. */
export function modulesOf(folder: string, member: Member): string[] {
  return Object.values(member.exports)
    .map((path) => path.replace(/^\./, folder));
}

/** The names of the executables. */
export const TOOLS: readonly string[] = Object.keys(FILTERS.exports)
  .map((name) => name.slice("./".length));

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
