/**
 * The tools of this checkout as commands for a shell.
 *
 * @module
 */

const FILTERS = new URL("../filters/", import.meta.url);

/**
 * Returns the names of the tools, sorted. This is the only list: every file at
 * the top of `filters/` is a tool.
 */
export function toolNames(): string[] {
  return Array.from(Deno.readDirSync(FILTERS), ({ name }) => name)
    .filter((name) => /^[a-z0-9-]+\.ts$/.test(name))
    .map((name) => name.slice(0, -".ts".length)).sort();
}

/** Returns the source file of a tool. */
export function toolScript(tool: string): URL {
  return new URL(`${tool}.ts`, FILTERS);
}

/**
 * Returns the shell command that runs a tool with this Deno and the permissions
 * of its first line.
 */
export function toolCommand(tool: string): string {
  const script = toolScript(tool);
  const words = ["run", ...flagsOf(script)].join(" ");
  return `${quote(Deno.execPath())} ${words} ${quote(pathOf(script))}`;
}

/** Returns the options and permissions of Deno in a script's first line. */
export function flagsOf(script: URL): string[] {
  const [line] = Deno.readTextFileSync(script).split("\n", 1);
  const flags = /^#!.* deno run (.*)$/.exec(line)?.[1];
  if (flags === undefined) throw new Error(`${script} names no permissions`);
  return flags.split(" ");
}

/** Returns the path of a file URL. */
export function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/**
 * Creates a folder with a command for each tool, which runs with this Deno and
 * the permissions of its first line, and with `deno`.
 *
 * @returns the folder, for the PATH; the caller removes it
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

/** Returns `text` as one word of the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
