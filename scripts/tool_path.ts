/**
 * The tools as commands, for a shell that runs from this checkout.
 *
 * @module
 */

const FILTERS = new URL("../filters/", import.meta.url);

/** The permissions a tool asks for in its first line. */
function permissionsOf(script: URL): string {
  const [line] = Deno.readTextFileSync(script).split("\n", 1);
  const flags = /^#!.* deno run (.*)$/.exec(line)?.[1];
  if (flags === undefined) throw new Error(`${script} names no permissions`);
  return flags;
}

/**
 * Makes a folder of commands, one for each tool, that run it with this Deno
 * and the permissions it asks for; `deno` is this Deno too.
 *
 * @returns the folder, to put on the PATH; whoever asked removes it
 */
export function makeToolPath(): string {
  const folder = Deno.makeTempDirSync({ prefix: "subunit-tools-" });
  const command = (name: string, call: string) =>
    Deno.writeTextFileSync(
      `${folder}/${name}`,
      `#!/bin/sh\nexec ${quote(Deno.execPath())} ${call} "$@"\n`,
      { mode: 0o755 },
    );
  command("deno", "");
  for (const { name } of Deno.readDirSync(FILTERS)) {
    const tool = /^([a-z].*)\.ts$/.exec(name)?.[1];
    if (tool === undefined || name.endsWith("_test.ts")) continue;
    const script = new URL(name, FILTERS);
    command(
      tool,
      `run ${permissionsOf(script)} ${
        quote(decodeURIComponent(script.pathname))
      }`,
    );
  }
  return folder;
}

/** `text` as one word of the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
