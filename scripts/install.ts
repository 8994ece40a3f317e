/**
 * `deno task install [--root DIR] [TOOL...]`: installs the tools of this
 * checkout, each with the permissions its first line asks for and no more, and
 * completions and manual pages beside them.
 *
 * What is installed stands on nothing but itself: each tool is one file with
 * all it imports, and the Deno that installs them is among them. It outlives
 * the checkout and every cache; npx, for one, leaves its Deno in one.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "./npm/bundle.ts";
import { flagsOf, pathOf, quote, toolNames, toolScript } from "./tool_path.ts";

const ROOT = new URL("../", import.meta.url);

/** Where what is no command belongs, below the directory installed into. */
const SHARED = [
  "share/bash-completion/completions",
  "share/fish/vendor_completions.d",
  "share/zsh/site-functions",
  "share/man/man1",
  "share/man/man7",
];

/** Where the tools and their Deno are, below the directory installed into. */
const FOLDER = "lib/subunit-tools";

/** The words that the command of a script runs. */
export function commandWords(script: URL, target: string): string[] {
  const folder = `${target}/${FOLDER}`;
  return [
    `${folder}/deno`,
    "run",
    ...flagsOf(script),
    // Not that of a folder above.
    "--no-config",
    `${folder}/${nameOf(script)}.js`,
  ];
}

function nameOf(script: URL): string {
  return basename(pathOf(script), ".ts");
}

/** Installs scripts of one folder as commands; those of their names are replaced. */
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
    // A link that is there would lead to what npm has installed.
    remove(command);
    const words = commandWords(script, target).map(quote).join(" ");
    Deno.writeTextFileSync(command, `#!/bin/sh\nexec ${words} "$@"\n`, {
      mode: 0o755,
    });
  }
}

/** Puts this Deno there; where it can be linked to, it takes no room. */
function putThisDeno(path: string): void {
  const own = Deno.execPath();
  const part = `${path}.part`;
  remove(part);
  try {
    Deno.linkSync(own, part);
  } catch {
    // It is another's, or on another disk.
    Deno.copyFileSync(own, part);
  }
  // Tools that are running keep the old one.
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

/** Reads the command line: where to, and which tools. */
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
  // Where `deno install` puts things, if nothing is said.
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
