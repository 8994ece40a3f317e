/**
 * The engine for Deno's tests.
 *
 * @module
 */

import { isRegularFile } from "../../kit/io/files.ts";
import { currentFolder } from "../../kit/io/paths.ts";
import { runtimeProgram } from "../../kit/io/process_group.ts";
import { piecesOf } from "../../kit/io/stdout.ts";
// It uses more of Deno than the tools do, and never runs in their process.
import generation from "./deno_generation.ts" with { type: "text" };
import { packetWriter } from "./packet_writer.ts";
import type { ProcessEngineOptions } from "./process_engine.ts";
import { unitFiles } from "./unit_files.ts";

const READ_ALL = /^(-A|--allow-all|-R|--allow-read)$/;
const READ_SOME = /^(?:-R|--allow-read)=/;
/** A named set of permissions may have any of them. */
const PERMISSION_SET = /^(-P|--permission-set)(=|$)/;
const CONFIG = /^(-c|--config|--no-config)(=|$)/;

/**
 * The flag for the configuration of the project in the current directory; Deno
 * looks for it beside the program, which is in no directory.
 */
function configFlag(): string[] {
  for (let folder = currentFolder();;) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const path = `${folder}/${name}`;
      if (isRegularFile(path)) return [`--config=${path}`];
    }
    const at = folder.lastIndexOf("/");
    if (at < 0) return [];
    folder = folder.slice(0, at);
  }
}

/**
 * How generations of Deno are started.
 *
 * @param paths files and folders with tests
 * @param flags those of `deno run`; tests have only the permissions in them
 */
export function denoEngine(
  paths: readonly string[],
  flags: readonly string[],
): Pick<ProcessEngineOptions, "name" | "command" | "settings"> {
  const script =
    `${generation}\ndenoGeneration(${packetWriter}, ${piecesOf}, ${unitFiles});`;
  const mayReadAll = flags.some((flag) => READ_ALL.test(flag));
  const some = flags.some((flag) => READ_SOME.test(flag));
  return {
    name: "deno",
    command: [
      runtimeProgram("deno"),
      "run",
      "--quiet",
      "--no-prompt",
      ...flags.some((flag) => CONFIG.test(flag)) ? [] : configFlag(),
      // Files are loaded by their names; the generation gives this up again.
      ...mayReadAll ? [] : some ? [] : ["--allow-read"],
      ...flags.map((flag) => READ_SOME.test(flag) ? `${flag},.` : flag),
      `data:application/typescript,${encodeURIComponent(script)}`,
    ],
    settings: {
      paths: paths.length > 0 ? paths : ["."],
      mayRead: mayReadAll || some ||
        flags.some((flag) => PERMISSION_SET.test(flag)),
    },
  };
}
