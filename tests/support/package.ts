/**
 * The npm package, built and installed once for the test files that run at the
 * same time.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { tmpdir } from "node:os";
import { installations, withThisDeno } from "./readme.ts";
import {
  isCi,
  peer,
  ROOT,
  run,
  type Surroundings,
  TempDir,
  text,
} from "./run.ts";

/** When this process started; a later one may have its id. */
const started = Deno.readTextFileSync("/proc/self/stat").split(") ").at(-1)!
  .split(" ")[19];
/** Deno runs all test files in one process. */
const shared = `${tmpdir()}/subunit-package-${Deno.pid}-${started}`;

/** The directory that npm installs into. */
export const prefix = `${shared}/prefix`;
/** Where npm puts executables, and packages. */
export const bin = `${prefix}/bin`;
export const installed = `${prefix}/lib/node_modules/subunit-tools`;

/** A directory whose programs can import the package. */
export function projectWithPackage(): TempDir {
  const dir = new TempDir();
  linkPackage(dir);
  return dir;
}

/** Makes programs in a directory, and below it, find the package. */
export function linkPackage(dir: TempDir): void {
  Deno.mkdirSync(`${dir.path}/node_modules`);
  Deno.symlinkSync(installed, `${dir.path}/node_modules/subunit-tools`);
}

/** Runs a command that must succeed, and returns its standard output. */
export async function succeed(
  command: readonly string[],
  surroundings?: Surroundings,
): Promise<string> {
  const { status, stdout, stderr } = await run(command, surroundings);
  assertEquals(status, 0, `${command.join(" ")}: ${text(stdout)}${stderr}`);
  return text(stdout);
}

/**
 * Builds the package and installs it as the README does, unless another test
 * file has: then it is that one.
 */
export async function installPackage(): Promise<void> {
  using lock = openLock();
  await lock.lock(true);
  const done = `${shared}/done`;
  if (isDirectory(done)) return;
  removeAtEnd();
  await buildAndInstall();
  Deno.mkdirSync(done);
}

/** Removes the package when all test files are through. */
function removeAtEnd(): void {
  const script =
    `trap "" INT TERM HUP; while kill -0 "$1"; do sleep 1; done; rm -rf "$2"`;
  new Deno.Command("sh", {
    args: ["-c", script, "sh", String(Deno.pid), shared],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn().unref();
}

/** A file that is there anyhow; closing it gives up its lock. */
function openLock(): Deno.FsFile {
  return Deno.openSync(new URL(import.meta.url), { read: true, write: true });
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Runs the README's commands, in this checkout. */
async function buildAndInstall(): Promise<void> {
  Deno.mkdirSync(shared, { recursive: true });
  const [commands] = installations().filter((block) => block.includes("npm i"));
  await succeed(["bash", "-ec", withThisDeno(commands)], {
    cwd: ROOT.pathname,
    env: { npm_config_prefix: prefix },
  });
}

/** The path of a Node from npm; undefined where npm cannot install it. */
async function nodeFromNpm(
  version: "22" | "20.19.0" | "22.12.0",
): Promise<string | undefined> {
  if (!peer(`node ${version}`)) return undefined;
  const words = ["npx", "-y", `node@${version}`, "-p", "process.execPath"];
  return (await succeed(words)).trim();
}

/** This machine's Node, and in CI Node 22 where npm can install it. */
export async function installedNodes(): Promise<string[]> {
  if (!isCi) {
    console.log("left out: the same on Node 22, which CI runs");
    return ["node"];
  }
  const node22 = await nodeFromNpm("22");
  if (node22 === undefined) {
    console.log("left out: the same on Node 22 needs node@22 from npm");
    return ["node"];
  }
  return ["node", node22];
}

/** The oldest supported versions of Node, where npm can install them. */
export async function oldestNodes(): Promise<string[]> {
  const nodes = [
    await nodeFromNpm("20.19.0"),
    await nodeFromNpm("22.12.0"),
  ].filter((node) => node !== undefined);
  if (nodes.length < 2) {
    console.log("left out: the oldest Nodes need node@… from npm");
  }
  return nodes;
}
