/**
 * gpg with a home of its own, and keys that it makes there.
 *
 * Each test process makes a key when a test first asks for it, and removes the
 * home and stops the agent when its tests are over.
 *
 * @module
 */

import { assert } from "@std/assert";
import { peerCallTest } from "./call.ts";
import {
  commandOf,
  type Finished,
  peer,
  peerTest,
  run,
  type Surroundings,
  TempDir,
} from "./run.ts";

/** The command line that starts the tool. */
export function signedStreamCommand(): string[] {
  return commandOf("gpg-signed-stream");
}

/** Runs the tool until it ends; the gpg that it calls has our keys. */
export function signedStream(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const env = { ...surroundings.env, ...(hasGpg ? gpgEnv() : {}) };
  return run([...signedStreamCommand(), ...args], { ...surroundings, env });
}

/** A key and the files that hold it. */
export interface TestKey {
  /** Of the primary key, upper case. */
  readonly fingerprint: string;
  /** The path of the public key, armored. */
  readonly publicFile: string;
  /** The path of the secret key, armored and without a passphrase. */
  readonly secretFile: string;
}

/** How a key is made; all values are gpg's words. */
interface Recipe {
  /** The algorithm and the usage of the primary key. */
  readonly algorithm: string;
  readonly usage?: "sign" | "cert";
  /** The time of creation; no signature of the key is older. */
  readonly made?: string;
  readonly expires?: string;
  /** The algorithm of a signing subkey. */
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
  /** Older than the others, and given an expiry by {@linkcode shortenedFile}. */
  shortened: { algorithm: "ed25519", made: "20200101T000000" },
  /** Revoked by {@linkcode revokedFile}. */
  revoked: { algorithm: "ed25519" },
} as const satisfies Record<string, Recipe>;

/** The name of a key. */
export type KeyName = keyof typeof RECIPES;

/** What tests of signatures need. */
export const GPG_PEERS = ["gpg", "gpgv"] as const;

/** Whether gpg is installed; tests of signatures need it. */
export const hasGpg: boolean = GPG_PEERS.every(peer);

/** Registers a test that needs gpg, or logs that it is left out. */
export function gpgTest(name: string, test: () => void | Promise<void>): void {
  peerTest(name, GPG_PEERS, test);
}

/** Registers such a test that is about no process of the tool: see call.ts. */
export function gpgCallTest(
  name: string,
  test: () => void | Promise<void>,
): void {
  peerCallTest(name, GPG_PEERS, test);
}

let homePath: string | undefined;

/** gpg's home; made on the first call. */
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

/** The environment variables with which programs find our keys. */
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

/** Runs gpg, which must succeed, and returns its standard output. */
export async function gpgOutput(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Uint8Array> {
  const { status, stdout, stderr } = await gpg(args, surroundings);
  assert(status === 0, `gpg ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const keys = new Map<KeyName, Promise<TestKey>>();

/** A key; made on the first call. */
export function testKey(name: KeyName): Promise<TestKey> {
  return remember(keys, name, () => makeKey(name));
}

/** The options of gpg that name the keys to sign with. */
export async function localUsers(names: readonly KeyName[]): Promise<string[]> {
  const users: string[] = [];
  for (const name of names) {
    users.push("--local-user", (await testKey(name)).fingerprint);
  }
  return users;
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

/** The option that sets gpg's clock. */
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

/** The fingerprint of a user's only primary key. */
async function fingerprintOf(user: string): Promise<string> {
  const listing = await gpgOutput(["--with-colons", "--list-keys", user]);
  const match = /^fpr:+([0-9A-F]{40}):$/m
    .exec(new TextDecoder().decode(listing));
  assert(match !== null);
  return match[1];
}

/** Writes a public key, in its current state, to a file in our home. */
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
 * The path of a public key that was altered in another home. Our home and the
 * files of {@linkcode testKey} stay as they are.
 */
function alteredFile(
  name: KeyName,
  alter: (gpgThere: typeof gpgOutput, key: TestKey) => Promise<unknown>,
): Promise<string> {
  return remember(altered, name, async () => {
    const key = await testKey(name);
    const home = `${gpgHome()}/${name}`;
    Deno.mkdirSync(home, { mode: 0o700 });
    // gpg changes keys only where it has a trust database.
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
    // gpg writes a revocation with each key, with a colon before its first line.
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

/** The path of a public key for gpgv, which reads binary keys only. */
export function gpgvKeyring(name: KeyName): Promise<string> {
  return remember(keyrings, name, async () => {
    const { fingerprint } = await testKey(name);
    return save(`${name}.gpg`, await gpgOutput(["--export", fingerprint]));
  });
}

/** The version of gpgv; undefined without it. */
export const gpgvVersion: string | undefined = hasGpg
  ? /[0-9.]+/.exec(
    new TextDecoder().decode(
      new Deno.Command("gpgv", { args: ["--version"] }).outputSync().stdout,
    ),
  )?.[0]
  : undefined;

/** What gpgv is asked about. */
export interface GpgvQuestion {
  /** Binary keys. */
  readonly ring: Uint8Array;
  /** A detached signature; without it `document` is a signed document. */
  readonly signature?: Uint8Array;
  readonly document: Uint8Array | string;
}

/** What a verifier answers. */
export interface GpgvResult {
  /** The verdict on each signature. */
  readonly verdicts: string[];
  /** The exit status. */
  readonly status: number;
  /** The fingerprints of the keys whose signatures are good. */
  readonly good: string[];
  readonly released: Uint8Array;
}

/** Verdicts by the words of gpgv's status lines. */
const GPGV_VERDICTS: Record<string, string> = {
  GOODSIG: "good",
  BADSIG: "bad",
  EXPSIG: "expired",
  EXPKEYSIG: "expired-key",
  REVKEYSIG: "revoked-key",
  ERRSIG: "error",
};
/** The error of a signature whose key is unknown. */
const NO_KEY = "9";

/** Asks the real gpgv. */
export function askGpgv(
  { ring, signature, document }: GpgvQuestion,
): GpgvResult {
  using dir = new TempDir();
  const files = [dir.file("document", document)];
  if (signature !== undefined) files.unshift(dir.file("signature", signature));
  const output = `${dir.path}/released`;
  const { code, stdout } = new Deno.Command("gpgv", {
    args: [
      `--homedir=${dir.path}`,
      "--status-fd=1",
      `--keyring=${dir.file("ring", ring)}`,
      ...(signature === undefined ? [`--output=${output}`] : []),
      ...files,
    ],
    stderr: "null",
  }).outputSync();
  const verdicts: string[] = [], good: string[] = [];
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [, word, name, ...rest] = line.split(" ");
    if (word === "VALIDSIG" && verdicts.at(-1) === "good") good.push(name);
    const verdict = GPGV_VERDICTS[word];
    if (verdict === undefined) continue;
    const isUnknown = verdict === "error" && rest[4] === NO_KEY;
    verdicts.push(isUnknown ? "unknown-key" : verdict);
  }
  let released: Uint8Array = new Uint8Array(0);
  try {
    released = Deno.readFileSync(output);
  } catch {
    // It has released nothing.
  }
  return { verdicts, status: code, good, released };
}
