/**
 * What the options of gpg-signed-stream mean.
 *
 * @module
 */

import { parseTimestamp } from "@subunit/codec";
import { parseBytes, parseChoice, parseCount } from "../kit/tool/options.ts";
import { UsageError } from "../kit/errors.ts";
import { isContext } from "./inband/manifest.ts";
import {
  type Mode,
  MODES,
  type Options,
  SIGN,
  VERIFY,
} from "./option_table.ts";
import { type Policy, WEAK_KINDS } from "./verdicts.ts";
import { GpgSigner, JointSigner, KeySigner, type Signer } from "./signer.ts";
import { type Release, RELEASES } from "./document/spool.ts";

const DEFAULT_WINDOW = "256K";
/** Starting gpg costs as much as hashing several megabytes. */
const DEFAULT_GPG_WINDOW = "1M";
const DEFAULT_INTERVAL = "1000";
const DEFAULT_MAX_WINDOW = "16M";

/** @throws {UsageError} when one of the options named is given */
function refuse(
  options: Options,
  names: readonly string[],
  why: string,
): void {
  const all: Record<string, unknown> = options;
  const isGiven = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value);
  const name = names.find((name) => isGiven(all[name]));
  if (name !== undefined) throw new UsageError(`Option --${name} is ${why}`);
}

/** Refuses options that only the mode has. */
function keepTo(mode: Mode, options: Options, names: (keyof Options)[]): void {
  refuse(options, names, `for the mode ${mode} only`);
}

function parseFingerprint(name: string, value: string): string {
  const digits = value.replace(/^0x|\s/g, "").toUpperCase();
  if (/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(digits)) return digits;
  throw new UsageError(
    `Option --${name} is "${value}": expected a whole fingerprint`,
  );
}

function parseContext(value: string | undefined): string | undefined {
  if (value === undefined || isContext(value)) return value;
  throw new UsageError(
    "Option --context has characters that are not printable, or more than 255",
  );
}

/** Whole seconds: signatures have no fractions. */
function parseTime(name: string, value: string): number {
  try {
    return parseTimestamp(value).seconds;
  } catch {
    throw new UsageError(
      `Option --${name} is "${value}": expected a time as 2026-01-31T12:00:00Z`,
    );
  }
}

async function readSigner(options: Options): Promise<Signer> {
  const { key: keys, "secret-key": secretKeys } = options;
  if ((keys.length === 0) === (secretKeys.length === 0)) {
    throw new UsageError("One of --secret-key and --key is needed to sign");
  }
  const signers: Signer[] = keys
    .map((key) => new GpgSigner(parseFingerprint("key", key)));
  for (const path of secretKeys) signers.push(await KeySigner.read(path));
  return await JointSigner.of(signers);
}

/** The settings of sign. */
export interface SignSettings {
  readonly mode: Mode;
  readonly signer: Signer;
  readonly context: string;
  readonly windowBytes: number;
  readonly intervalMs: number;
}

/** @throws {UsageError} when the options of sign are wrong */
export async function readSignSettings(
  options: Options,
): Promise<SignSettings> {
  refuse(options, Object.keys(VERIFY), "for verify, not for sign");
  const mode = parseChoice("mode", options.mode ?? "inband", MODES);
  if (mode !== "inband") {
    keepTo("inband", options, ["window", "interval", "context"]);
  }
  return {
    mode,
    context: parseContext(options.context) ?? "",
    windowBytes: parseBytes(
      "window",
      options.window ??
        (options.key.length === 0 ? DEFAULT_WINDOW : DEFAULT_GPG_WINDOW),
    ),
    intervalMs: parseCount("interval", options.interval ?? DEFAULT_INTERVAL),
    signer: await readSigner(options),
  };
}

/** The settings of verify. */
export interface VerifySettings {
  readonly mode: Mode | "auto";
  readonly policy: Policy;
  /** The files with the keys to verify with. */
  readonly keyrings: readonly string[];
  /** Where the report is written: a file or "fd:N". */
  readonly report: string | undefined;
  /** Undefined means the default of the mode. */
  readonly maxBytes: number | undefined;
  /** In-band: undefined accepts any. */
  readonly context: string | undefined;
  readonly maxWindowBytes: number;
  /** In-band: the file that lists streams verified before. */
  readonly seen: string | undefined;
  /** In-band: whether signature packets are dropped. */
  readonly strip: boolean;
  readonly release: Release | undefined;
  /** The file of a detached signature. */
  readonly signature: string | undefined;
  /** Clear-signed text: whether other text may surround it. */
  readonly allowSurroundingText: boolean;
  /**
   * Checks that all options given belong to a mode.
   *
   * @throws {UsageError} when one has no effect in it
   */
  checkMode(mode: Mode): void;
}

/** @throws {UsageError} when the options of verify are wrong */
export function readVerifySettings(options: Options): VerifySettings {
  refuse(options, Object.keys(SIGN), "for sign, not for verify");
  if (options.keyring.length === 0) {
    throw new UsageError("No --keyring is given: there is nothing to trust");
  }
  const maxBytes = options["max-bytes"], release = options.release;
  return {
    mode: parseChoice("mode", options.mode ?? "auto", [...MODES, "auto"]),
    policy: readPolicy(options),
    keyrings: options.keyring,
    report: options.report,
    seen: options.seen,
    strip: options.strip,
    signature: options.signature,
    allowSurroundingText: options["allow-surrounding-text"],
    checkMode: (mode) => checkModeOptions(options, mode),
    context: parseContext(options.context),
    maxWindowBytes: parseBytes(
      "max-window",
      options["max-window"] ?? DEFAULT_MAX_WINDOW,
    ),
    maxBytes: maxBytes === undefined
      ? undefined
      : parseBytes("max-bytes", maxBytes),
    release: release === undefined
      ? undefined
      : parseChoice("release", release, RELEASES),
  };
}

/** @throws {UsageError} when an option of verify belongs to another mode */
function checkModeOptions(options: Options, mode: Mode): void {
  if (mode === "inband") refuse(options, ["release"], "for documents only");
  else keepTo("inband", options, ["context", "seen", "strip", "max-window"]);
  if (mode !== "detached") keepTo("detached", options, ["signature"]);
  if (mode !== "clear") keepTo("clear", options, ["allow-surrounding-text"]);
}

function readPolicy(options: Options): Policy {
  const weak = options["allow-weak"];
  const require = parseCount("require", options.require ?? "1");
  if (require === 0) {
    throw new UsageError('Option --require is "0": expected at least 1');
  }
  const notBefore = options["not-before"];
  return {
    require,
    requireKeys: options["require-key"]
      .map((key) => parseFingerprint("require-key", key)),
    allowWeak: new Set(
      weak.flatMap((kinds) => kinds.split(","))
        .map((kind) => parseChoice("allow-weak", kind, WEAK_KINDS)),
    ),
    allowExpiredKey: options["allow-expired-key"],
    notBefore: notBefore === undefined
      ? undefined
      : parseTime("not-before", notBefore),
  };
}
