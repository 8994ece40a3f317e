/**
 * The npm package, built and installed for the tests of one process.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { peer, ROOT, run, type Surroundings, TempDir, text } from "./run.ts";

/** The directory that npm installs into; removed when the process ends. */
export const prefix: string = Deno.makeTempDirSync({ prefix: "subunit-" });
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(prefix, { recursive: true }),
);
/** Where npm puts executables, and packages. */
export const bin = `${prefix}/bin`;
export const installed = `${prefix}/lib/node_modules/subunit-tools`;

/** A directory whose programs can import the package. */
export function projectWithPackage(): TempDir {
  const dir = new TempDir();
  Deno.mkdirSync(`${dir.path}/node_modules`);
  Deno.symlinkSync(installed, `${dir.path}/node_modules/subunit-tools`);
  return dir;
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

/** Builds the package and installs it as the README does. */
export async function installPackage(): Promise<void> {
  const build = new URL("scripts/build.ts", ROOT).pathname;
  const words = ["run", "--quiet", "--allow-all", build, `${prefix}/dist`];
  const tarball = (await succeed([Deno.execPath(), ...words])).trim();
  await succeed(["npm", "install", "--global", "--prefix", prefix, tarball]);
}

/** The path of a Node from npm; undefined where npm cannot install it. */
async function nodeFromNpm(
  version: "22" | "20.19.0" | "22.12.0",
): Promise<string | undefined> {
  if (!peer(`node ${version}`)) return undefined;
  const words = ["npx", "-y", `node@${version}`, "-p", "process.execPath"];
  return (await succeed(words)).trim();
}

/** This machine's Node, and Node 22 where npm can install it. */
export async function installedNodes(): Promise<string[]> {
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
