/**
 * `deno task install [--root DIR] [TOOL...]`: installs the tools of this
 * checkout with `deno install`, each with the permissions its first line asks
 * for and no more, and completions and manual pages beside them. The commands
 * run what is in the checkout, with the Deno that installed them.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
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

/** The words that install a script as a command, without Deno's own name. */
export function installWords(name: string, script: URL, to: string): string[] {
  return [
    "install",
    "--global",
    `--root=${to}`,
    `--name=${name}`,
    `--config=${pathOf(new URL("deno.json", ROOT))}`,
    // Deno notes the members of the workspace in the lock it takes along,
    // which is frozen from then on.
    "--frozen=false",
    ...flagsOf(script),
    pathOf(script),
  ];
}

/** Installs a script as a command; one of that name is replaced. */
export function install(name: string, script: URL, to: string): void {
  const command = `${to}/bin/${name}`;
  const beside = `${to}/bin/.${name}`;
  for (const old of [command, beside]) {
    try {
      Deno.removeSync(old, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  // Deno makes a configuration of its own there, and would choose versions of
  // its own: the lock of this checkout is to hold.
  Deno.mkdirSync(beside, { recursive: true });
  Deno.copyFileSync(new URL("deno.lock", ROOT), `${beside}/deno.lock`);
  const { success } = new Deno.Command(Deno.execPath(), {
    args: installWords(name, script, to),
    stdout: "inherit",
    stderr: "inherit",
  }).outputSync();
  if (!success) throw new Error(`${name}: see above`);
  // 30 MB that nothing reads: the configuration says "nodeModulesDir": "none".
  Deno.removeSync(`${beside}/node_modules`, { recursive: true });
  useThisDeno(command);
}

/** A word as a shell takes it, in quotes only where it needs them. */
function shown(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quote(word);
}

/** Makes a command independent of the PATH: npx, for one, leaves no Deno there. */
function useThisDeno(command: string): void {
  const text = Deno.readTextFileSync(command);
  const own = text.replace(
    /^exec deno /m,
    () => `exec ${quote(Deno.execPath())} `,
  );
  if (own === text) throw new Error(`${command} runs no Deno`);
  Deno.writeTextFileSync(command, own);
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

function main(args: string[]): void {
  const { target, tools } = parse(args);
  for (const tool of tools) {
    const script = toolScript(tool);
    const words = installWords(tool, script, target);
    console.log(["deno", ...words.map(shown)].join(" "));
    install(tool, script, target);
  }
  for (const folder of SHARED) {
    copyFolder(new URL(`${folder}/`, ROOT), `${target}/${folder}`);
  }
  const isOnPath = Deno.env.get("PATH")?.split(":").includes(`${target}/bin`);
  if (!isOnPath) console.log(`Now put ${target}/bin on the PATH.`);
}

if (import.meta.main) {
  try {
    main(Deno.args);
  } catch (error) {
    console.error(`Cannot install: ${(error as Error).message}`);
    Deno.exitCode = 2;
  }
}
