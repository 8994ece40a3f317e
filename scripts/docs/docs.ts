/**
 * `deno task docs`: generates what follows from the tools and the version:
 * completions and manual pages from each tool's table, and parts of manifests.
 *
 * @module
 */

import type { Tool } from "../../filters/kit/tool/tool.ts";
import {
  bashCompletion,
  fishCompletion,
  zshCompletion,
} from "./completions.ts";
import { toolNames, toolScript } from "../tool_path.ts";
import { makeManifests } from "./manifests.ts";
import { manualPage, overviewPage } from "./manual.ts";

const ROOT = new URL("../../", import.meta.url);
/** The folders in which all files are generated. */
export const FOLDERS = [
  "share/bash-completion/completions",
  "share/fish/vendor_completions.d",
  "share/zsh/site-functions",
  "share/man/man1",
  "share/man/man7",
];

/** Returns the tools, sorted by name. */
export async function loadTools(): Promise<Tool[]> {
  const modules = toolNames().map((name) => import(toolScript(name).href));
  return (await Promise.all(modules)).map(({ tool }) => tool);
}

/** Returns the text of each file, by its path in the repository. */
export function makeDocs(tools: readonly Tool[]): Map<string, string> {
  return new Map([
    ...tools.flatMap((tool): [string, string][] => [
      [`share/bash-completion/completions/${tool.name}`, bashCompletion(tool)],
      [
        `share/fish/vendor_completions.d/${tool.name}.fish`,
        fishCompletion(tool),
      ],
      [`share/zsh/site-functions/_${tool.name}`, zshCompletion(tool)],
      [`share/man/man1/${tool.name}.1`, manualPage(tool)],
    ]),
    ["share/man/man7/subunit-tools.7", overviewPage(tools)],
  ]);
}

if (import.meta.main) {
  for (const folder of FOLDERS) {
    const url = new URL(folder, ROOT);
    // The files of removed tools disappear.
    await Deno.remove(url, { recursive: true }).catch(() => {});
    await Deno.mkdir(url, { recursive: true });
  }
  const docs = makeDocs(await loadTools());
  for (const [path, text] of [...docs, ...makeManifests(ROOT)]) {
    await Deno.writeTextFile(new URL(path, ROOT), text);
  }
}
