/**
 * The tools as commands, for a shell that runs from this checkout.
 *
 * @module
 */

const FILTERS = new URL("../filters/", import.meta.url);

/**
 * The names of the tools, sorted. This is the only list: a file at the top of
 * `filters/` is a tool.
 */
export function toolNames(): string[] {
  return Array.from(Deno.readDirSync(FILTERS), ({ name }) => name)
    .filter((name) => /^[a-z0-9-]+\.ts$/.test(name))
    .map((name) => name.slice(0, -".ts".length)).sort();
}

/** The source of a tool. */
export function toolScript(tool: string): URL {
  return new URL(`${tool}.ts`, FILTERS);
}

/**
 * The words of the shell that run a tool with this Deno and the permissions
 * it asks for in its first line.
 */
export function toolCommand(tool: string): string {
  const script = toolScript(tool);
  const words = ["run", ...flagsOf(script)].join(" ");
  return `${quote(Deno.execPath())} ${words} ${quote(pathOf(script))}`;
}

/** The options and permissions that a script's first line asks Deno for. */
export function flagsOf(script: URL): string[] {
  const [line] = Deno.readTextFileSync(script).split("\n", 1);
  const flags = /^#!.* deno run (.*)$/.exec(line)?.[1];
  if (flags === undefined) throw new Error(`${script} names no permissions`);
  return flags.split(" ");
}

/** The path that a file URL is of. */
export function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/**
 * Makes a folder of commands, one for each tool, that run it with this Deno
 * and the permissions it asks for; `deno` is this Deno too.
 *
 * @returns the folder, to put on the PATH; whoever asked removes it
 */
export function makeToolPath(): string {
  const folder = Deno.makeTempDirSync({ prefix: "subunit-tools-" });
  const command = (name: string, words: string) =>
    Deno.writeTextFileSync(
      `${folder}/${name}`,
      `#!/bin/sh\nexec ${words} "$@"\n`,
      { mode: 0o755 },
    );
  command("deno", quote(Deno.execPath()));
  for (const tool of toolNames()) command(tool, toolCommand(tool));
  return folder;
}

/** `text` as one word of the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
