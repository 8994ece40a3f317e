/**
 * `deno task install [--root DIR] [TOOL...]`: installs the tools of this
 * checkout, each with exactly the permissions that its first line asks for, and
 * their completions and manual pages.
 *
 * An installation needs nothing else: each tool is one file with all that it
 * imports, and the Deno that installs the tools is installed with them. Neither
 * the checkout nor a cache has to stay, such as the one where npx keeps Deno.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "./npm/bundle.ts";
import { flagsOf, pathOf, quote, toolNames, toolScript } from "./tool_path.ts";

const ROOT = new URL("../", import.meta.url);

/** The folders of completions and manual pages, below the target directory. */
const SHARED = [
  "share/bash-completion/completions",
  "share/fish/vendor_completions.d",
  "share/zsh/site-functions",
  "share/man/man1",
  "share/man/man7",
];

/** The folder of the tools and their Deno, below the target directory. */
const FOLDER = "lib/subunit-tools";

/** Returns the command line that an installed command runs. */
export function commandWords(script: URL, target: string): string[] {
  const folder = `${target}/${FOLDER}`;
  return [
    `${folder}/deno`,
    "run",
    ...flagsOf(script),
    // Ignore the configuration of folders above.
    "--no-config",
    `${folder}/${nameOf(script)}.js`,
  ];
}

function nameOf(script: URL): string {
  return basename(pathOf(script), ".ts");
}

/** Installs scripts of one folder as commands; replaces existing ones. */
export async function install(
  scripts: readonly URL[],
  target: string,
): Promise<void> {
  const folder = `${target}/${FOLDER}`;
  for (const path of [folder, `${target}/bin`]) {
    Deno.mkdirSync(path, { recursive: true });
  }
  await bundle(scripts.map(pathOf), folder);
  putThisDeno(`${folder}/deno`);
  for (const script of scripts) {
    const command = `${target}/bin/${nameOf(script)}`;
    // Writing through an existing link would change what npm has installed.
    remove(command);
    const words = commandWords(script, target).map(quote).join(" ");
    const lines = [
      "#!/bin/sh",
      ...checks(nameOf(script)),
      `exec ${words} "$@"`,
    ];
    Deno.writeTextFileSync(command, lines.join("\n") + "\n", { mode: 0o755 });
  }
}

/**
 * Lines of the shell against closed descriptors. Deno opens /dev/null in their
 * place before a tool runs, so that input would be empty and output lost. Input
 * that cannot be read is an error only where it is read.
 */
function checks(name: string): string[] {
  const closed =
    `${name}: Cannot write standard output: it is closed: redirect it to /dev/null`;
  return [
    `{ true 3>&1; } 2>/dev/null || { echo "${closed}" >&2; exit 2; }`,
    "{ true 3<&0; } 2>/dev/null || exec 0>/dev/null",
  ];
}

/** Installs this Deno, as a hard link where that is possible. */
function putThisDeno(path: string): void {
  const own = Deno.execPath();
  const part = `${path}.part`;
  remove(part);
  try {
    Deno.linkSync(own, part);
  } catch {
    // It belongs to another user, or is on another disk.
    Deno.copyFileSync(own, part);
  }
  // Running tools keep the old file.
  remove(path);
  Deno.renameSync(part, path);
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function copyFolder(from: URL, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name } of Deno.readDirSync(from)) {
    Deno.copyFileSync(new URL(name, from), `${to}/${name}`);
  }
}

/** Reads the target directory and the tools from the command line. */
function parse(args: string[]): { target: string; tools: string[] } {
  const { values: { root }, positionals } = parseArgs({
    args,
    options: { root: { type: "string" } },
    allowPositionals: true,
  });
  const all = toolNames();
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `There is no tool "${unknown}": expected ${all.join(", ")}`,
    );
  }
  // By default, the directory of `deno install`.
  const target = root ?? Deno.env.get("DENO_INSTALL_ROOT") ??
    `${Deno.env.get("HOME")}/.deno`;
  return {
    target: resolve(target),
    tools: positionals.length > 0 ? positionals : all,
  };
}

async function main(args: string[]): Promise<void> {
  const { target, tools } = parse(args);
  const scripts = tools.map(toolScript);
  await install(scripts, target);
  for (const script of scripts) {
    const granted = flagsOf(script).filter((it) => it.startsWith("--allow-"));
    console.log(`${target}/bin/${nameOf(script)} ${granted.join(" ")}`);
  }
  for (const folder of SHARED) {
    copyFolder(new URL(`${folder}/`, ROOT), `${target}/${folder}`);
  }
  const isOnPath = Deno.env.get("PATH")?.split(":").includes(`${target}/bin`);
  if (!isOnPath) console.log(`Now put ${target}/bin on the PATH.`);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    console.error(`Cannot install: ${(error as Error).message}`);
    Deno.exitCode = 2;
  }
}
