/**
 * The engine for Deno's tests.
 *
 * @module
 */

import { spawn } from "../../kit/io/command.ts";
import { isRegularFile } from "../../kit/io/files.ts";
import { currentFolder, foldersUpwards } from "../../kit/io/paths.ts";
import { runtimeProgram } from "../../kit/io/process_group.ts";
import { piecesOf } from "../../kit/io/stdout.ts";
// It uses more of Deno than the tools do, and never runs in their process.
import generation from "./deno_generation.ts" with { type: "text" };
import { packetWriter } from "./packet_writer.ts";
import { INSPECT, type ProcessEngineOptions } from "./process_engine.ts";
import { unitFiles } from "./unit_files.ts";

const READ_ALL = /^(-A|--allow-all|-R|--allow-read)$/;
const READ_SOME = /^(?:-R|--allow-read)=/;
/** A named set of permissions may have any of them. */
const PERMISSION_SET = /^(-P|--permission-set)(=|$)/;
const CONFIG = /^(-c|--config|--no-config)(=|$)/;

/** Flags that say what a name in an import stands for. */
const RESOLVES =
  /^(-c|--config|--no-config|--import-map|--node-modules-dir|--no-lock|--lock|--vendor|--cached-only|--no-remote)(=|$)/;
/** The longest argument that a command may have is 128 KiB. */
const ARGUMENT_CHARACTERS = 100_000;

/** What files with tests import, and so on: pairs of paths. */
async function importsOf(
  files: readonly string[],
  flags: readonly string[],
): Promise<[file: string, imported: string][]> {
  const folder = currentFolder();
  const pairs: [string, string][] = [];
  const pathOf = (url: string) => {
    const path = decodeURIComponent(new URL(url).pathname);
    return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
  };
  const isSource = (url: string | undefined): url is string =>
    url?.startsWith("file:") === true && !url.includes("/node_modules/");
  const imports = files.map((file) =>
    `import ${JSON.stringify(urlOf(file, folder))};`
  );
  while (imports.length > 0) {
    let script = "data:application/typescript,";
    do script += encodeURIComponent(imports.shift()!); while (
      imports.length > 0 && script.length < ARGUMENT_CHARACTERS
    );
    const words = [runtimeProgram("deno"), "info", "--json", ...flags, script];
    const { modules = [] } = await jsonOf<DenoInfo>(words) ?? {};
    for (const { specifier, dependencies = [] } of modules) {
      if (!isSource(specifier)) continue;
      for (const { code, type } of dependencies) {
        for (const it of [code?.specifier, type?.specifier]) {
          if (isSource(it)) pairs.push([pathOf(specifier), pathOf(it)]);
        }
      }
    }
  }
  return pairs;
}

/** What `deno info` prints, as far as it is used. */
interface DenoInfo {
  readonly modules?: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

function urlOf(file: string, folder: string): string {
  const path = file.startsWith("/") ? file : `${folder}/${file}`;
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** What a command prints, as JSON; undefined when it does not. */
async function jsonOf<Value>(
  words: readonly string[],
): Promise<Value | undefined> {
  const child = spawn(words, {
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
  try {
    return JSON.parse(await new Response(child.stdout).text());
  } catch {
    return undefined;
  } finally {
    await child.status;
  }
}

/**
 * The flag for the configuration of the project in the current directory; Deno
 * looks for it beside the program, which is in no directory.
 */
function configFlag(): string[] {
  for (const folder of foldersUpwards()) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const path = `${folder}/${name}`;
      if (isRegularFile(path)) return [`--config=${path}`];
    }
  }
  return [];
}

/**
 * How generations of Deno are started.
 *
 * @param paths files and folders with tests
 * @param flags those of `deno run`; tests have only the permissions in them
 * @param debuggerWords the command of the debugger for tests that are debugged
 */
export function denoEngine(
  paths: readonly string[],
  flags: readonly string[],
  debuggerWords?: readonly string[],
): Pick<
  ProcessEngineOptions,
  "name" | "command" | "debugging" | "settings" | "importsOf"
> {
  const script =
    `${generation}\ndenoGeneration(${packetWriter}, ${piecesOf}, ${unitFiles});`;
  const mayReadAll = flags.some((flag) => READ_ALL.test(flag));
  const some = flags.some((flag) => READ_SOME.test(flag));
  const config = flags.some((flag) => CONFIG.test(flag)) ? [] : configFlag();
  const resolving = flags.filter((flag) => RESOLVES.test(flag));
  const command = (flag: string) => [
    runtimeProgram("deno"),
    "run",
    flag,
    "--no-prompt",
    ...config,
    // Files are loaded by their names; the generation gives this up again.
    ...mayReadAll ? [] : some ? [] : ["--allow-read"],
    ...flags.map((flag) => READ_SOME.test(flag) ? `${flag},.` : flag),
    `data:application/typescript,${encodeURIComponent(script)}`,
  ];
  return {
    name: "deno",
    importsOf: (files) => importsOf(files, [...config, ...resolving]),
    command: command("--quiet"),
    // It names its address only where it is not quiet.
    debugging: debuggerWords &&
      { command: command(INSPECT), debugger: debuggerWords },
    settings: {
      paths: paths.length > 0 ? paths : ["."],
      mayRead: mayReadAll || some ||
        flags.some((flag) => PERMISSION_SET.test(flag)),
    },
  };
}
