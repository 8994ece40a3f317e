/**
 * Keys made by the real gpg in a home of their own, and gpg itself.
 *
 * Keys are made when a test first asks for them, once for each test process;
 * home and agent go when its tests are over.
 *
 * @module
 */

import { assert } from "@std/assert";
import { commandOf, type Finished, run, type Surroundings } from "./run.ts";

/** The words that start the tool. */
export function signedStreamCommand(): string[] {
  return commandOf("gpg-signed-stream");
}

/** Runs the tool to its end; it finds our keys where it asks gpg. */
export function signedStream(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const env = hasGpg ? gpgEnv() : {};
  return run([...signedStreamCommand(), ...args], { env, ...surroundings });
}

/** A key and the files it is in. */
export interface TestKey {
  /** Of the primary key, upper case. */
  readonly fingerprint: string;
  /** The path of the public key, armored. */
  readonly publicFile: string;
  /** The path of the secret key, armored and without a passphrase. */
  readonly secretFile: string;
}

/** How a key is made. */
interface Recipe {
  /** gpg's words for the algorithm and the use of its primary key. */
  readonly algorithm: string;
  readonly usage?: "sign" | "cert";
  /** When it is made, in gpg's words; its signatures are never older. */
  readonly made?: string;
  /** When it expires, in gpg's words. */
  readonly expires?: string;
  /** The algorithm of a subkey that signs. */
  readonly subkey?: string;
}

const RECIPES = {
  ed25519: { algorithm: "ed25519" },
  other: { algorithm: "ed25519" },
  rsa3072: { algorithm: "rsa3072" },
  dsa1024: { algorithm: "dsa1024" },
  nistp256: { algorithm: "nistp256" },
  /** Only its subkey signs. */
  subkey: { algorithm: "ed25519", usage: "cert", subkey: "ed25519" },
  /** Good for the year 2020. */
  expired: {
    algorithm: "ed25519",
    made: "20200101T000000",
    expires: "20210101T000000",
  },
  /** Older than the others; its life is cut short by {@linkcode shortenedFile}. */
  shortened: { algorithm: "ed25519", made: "20200101T000000" },
  /** To be revoked by {@linkcode revokedFile}. */
  revoked: { algorithm: "ed25519" },
} as const satisfies Record<string, Recipe>;

/** The name of a key. */
export type KeyName = keyof typeof RECIPES;

/** Whether gpg is there; without it no test of signatures can run. */
export const hasGpg: boolean = isThere("gpg") && isThere("gpgv");

function isThere(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** Registers a test that needs gpg, or says that it is left out. */
export function gpgTest(name: string, test: () => void | Promise<void>): void {
  if (hasGpg) Deno.test(name, test);
  else console.log(`left out: ${name} needs gpg, gpgv`);
}

let homePath: string | undefined;

/** gpg's home; made when it is first asked for. */
export function gpgHome(): string {
  if (homePath !== undefined) return homePath;
  const path = homePath = Deno.makeTempDirSync({ prefix: "gpg-" });
  Deno.chmodSync(path, 0o700);
  addEventListener("unload", () => {
    const env = { GNUPGHOME: path };
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      const isHome = isDirectory && Object.hasOwn(RECIPES, name);
      const home = isHome ? ["--homedir", `${path}/${name}`] : [];
      if (!isHome && name !== "private-keys-v1.d") continue;
      const args = [...home, "--kill", "all"];
      new Deno.Command("gpgconf", { args, env }).outputSync();
    }
    Deno.removeSync(path, { recursive: true });
  });
  return path;
}

/** The environment in which programs find our keys. */
export function gpgEnv(): Record<string, string> {
  return { GNUPGHOME: gpgHome() };
}

/** Runs gpg in our home. */
export function gpg(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Finished> {
  return run([
    "gpg",
    "--batch",
    "--no-tty",
    "--yes",
    "--trust-model=always",
    "--pinentry-mode=loopback",
    "--passphrase=",
    ...args,
  ], { ...surroundings, env: { ...surroundings.env, ...gpgEnv() } });
}

/** Runs gpg, which must succeed, and returns what it writes. */
export async function gpgOutput(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Uint8Array> {
  const { status, stdout, stderr } = await gpg(args, surroundings);
  assert(status === 0, `gpg ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const keys = new Map<KeyName, Promise<TestKey>>();

/** A key; made when it is first asked for. */
export function testKey(name: KeyName): Promise<TestKey> {
  return remember(keys, name, () => makeKey(name));
}

function remember<T>(
  known: Map<KeyName, Promise<T>>,
  name: KeyName,
  make: () => Promise<T>,
): Promise<T> {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}

/** What sets gpg's clock. */
export function atTime(time: string | undefined): string[] {
  return time === undefined ? [] : [`--faked-system-time=${time}!`];
}

async function makeKey(name: KeyName): Promise<TestKey> {
  const recipe: Recipe = RECIPES[name];
  const { algorithm, usage = "sign", expires = "never", subkey } = recipe;
  const clock = atTime(recipe.made);
  const user = `${name} <${name}@example.org>`;
  await gpgOutput(
    [...clock, "--quick-generate-key", user, algorithm, usage, expires],
  );
  const fingerprint = await fingerprintOf(`${name}@example.org`);
  if (subkey !== undefined) {
    await gpgOutput(["--quick-add-key", fingerprint, subkey, "sign", "never"]);
  }
  return {
    fingerprint,
    publicFile: await exportKey(fingerprint, `${name}.pub`),
    secretFile: await save(
      `${name}.sec`,
      await gpgOutput(["--armor", "--export-secret-keys", fingerprint]),
    ),
  };
}

/** The fingerprint of the one primary key a user has. */
async function fingerprintOf(user: string): Promise<string> {
  const listing = await gpgOutput(["--with-colons", "--list-keys", user]);
  const match = /^fpr:+([0-9A-F]{40}):$/m
    .exec(new TextDecoder().decode(listing));
  assert(match !== null);
  return match[1];
}

/** Writes a public key, in the state it has now, to a file of our home. */
export async function exportKey(
  fingerprint: string,
  file: string,
): Promise<string> {
  return save(file, await gpgOutput(["--armor", "--export", fingerprint]));
}

function save(file: string, content: Uint8Array): string {
  const path = `${gpgHome()}/${file}`;
  Deno.writeFileSync(path, content);
  return path;
}

const altered = new Map<KeyName, Promise<string>>();

/**
 * The path of a public key that was altered in a home of its own: our home, and
 * the files {@linkcode testKey} names, know nothing of it.
 */
function alteredFile(
  name: KeyName,
  alter: (gpgThere: typeof gpgOutput, key: TestKey) => Promise<unknown>,
): Promise<string> {
  return remember(altered, name, async () => {
    const key = await testKey(name);
    const home = `${gpgHome()}/${name}`;
    Deno.mkdirSync(home, { mode: 0o700 });
    // What changes a key wants a trust database.
    const there: typeof gpgOutput = (args, surroundings) =>
      gpgOutput(
        ["--homedir", home, "--trust-model=pgp", ...args],
        surroundings,
      );
    await there(["--import", key.secretFile]);
    await alter(there, key);
    const exported = await there(["--armor", "--export", key.fingerprint]);
    return save(`${name}.altered.pub`, exported);
  });
}

/** The path of the public key "revoked" with its revocation. */
export function revokedFile(): Promise<string> {
  return alteredFile("revoked", async (gpgThere, { fingerprint }) => {
    // gpg writes one beside each key, with a colon before its first line.
    const prepared = Deno.readTextFileSync(
      `${gpgHome()}/openpgp-revocs.d/${fingerprint}.rev`,
    ).replace(":-----BEGIN", "-----BEGIN");
    await gpgThere(["--import"], { stdin: prepared });
  });
}

/** The path of the public key "subkey" with its subkey revoked. */
export function revokedSubkeyFile(): Promise<string> {
  return alteredFile("subkey", (gpgThere, { fingerprint }) =>
    gpgThere(
      ["--command-fd=0", "--edit-key", fingerprint],
      { stdin: "key 1\nrevkey\ny\n0\n\ny\nsave\n" },
    ));
}

/** The path of the public key "shortened" that expired on 1 February 2020. */
export function shortenedFile(): Promise<string> {
  return alteredFile("shortened", (gpgThere, { fingerprint }) =>
    gpgThere([
      ...atTime("20200102T000000"),
      "--quick-set-expire",
      fingerprint,
      "20200201T000000",
    ]));
}

const keyrings = new Map<KeyName, Promise<string>>();

/** The path of public keys for gpgv, which takes them binary. */
export function gpgvKeyring(name: KeyName): Promise<string> {
  return remember(keyrings, name, async () => {
    const { fingerprint } = await testKey(name);
    return save(`${name}.gpg`, await gpgOutput(["--export", fingerprint]));
  });
}
