/**
 * The fingerprint of a failure, version 1: failures with the same cause have the
 * same id, in every run and on every machine.
 *
 * An id is computed from one failure alone, never from what else has been seen.
 *
 * @module
 */

import type { ChainGrammar, Thrown } from "../../traceback/chain/chain.ts";
import { cc } from "../../traceback/chain/cc.ts";
import { dotnet } from "../../traceback/chain/dotnet.ts";
import { go } from "../../traceback/chain/go.ts";
import { jvm } from "../../traceback/chain/jvm.ts";
import { php } from "../../traceback/chain/php.ts";
import { python } from "../../traceback/chain/python.ts";
import { ruby } from "../../traceback/chain/ruby.ts";
import { rust } from "../../traceback/chain/rust.ts";
import { v8 } from "../../traceback/chain/v8.ts";
import { DECORATION } from "../../traceback/frame.ts";
import { headlineIn } from "../../traceback/grammars.ts";
import { chooseFrames, type FrameRules, testNames } from "./frames.ts";
import { masked, maskedWords } from "./mask.ts";

/** Unambiguous grammars come first. */
const GRAMMARS: readonly ChainGrammar[] = [
  python,
  rust,
  jvm,
  dotnet,
  v8,
  go,
  ruby,
  php,
  cc,
];

/** A text attachment of a test. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** A test that failed. */
export interface Failure {
  readonly testId: string;
  readonly outcome: "fail" | "uxsuccess" | "lost";
  /** Its texts, in the order in which they began. */
  readonly texts: readonly NamedText[];
  /** Whether a test failed that names this one as its parent. */
  readonly hasFailedPart?: boolean;
}

/** How fingerprints are computed. */
export interface Rules extends FrameRules {
  /** The file in which a test names its fault itself. */
  readonly keyFile?: string;
  /** Whether source code is left out of the fingerprint; its id tells. */
  readonly omitsSource?: boolean;
}

/** What identifies a failure. */
export interface Fingerprint {
  /** The id of its fault: `1-` and 16 characters. */
  readonly id: string;
  /** What is hashed for it. */
  readonly key: readonly string[];
  /** The exception and its masked message: what it looks like. */
  readonly kind: string;
  /** Up to four frames, innermost first: how it got there. */
  readonly path: readonly string[];
  /** The exception; with a cause, `Cause<Exception`. */
  readonly types: string;
  /** The masked message. */
  readonly message: string;
  /** The line of source code of the first frame; may be empty. */
  readonly source: string;
  /** The message as it was. */
  readonly sample: string;
  /** Frames of minified or stripped code, which do not identify anything. */
  readonly nameless: readonly string[];
}

/** The file in which a test names its fault itself, if no other is named. */
export const KEY_FILE = "fault-key";

/** Digits of Crockford's base 32. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_BITS = 80;
const VERSION = "v1";

/** The first 80 bits of a hash, in Crockford's base 32. */
export function encodeId(hash: Uint8Array): string {
  let text = "";
  for (let bit = 0; bit < ID_BITS; bit += 5) {
    const at = bit >> 3;
    const pair = hash[at] << 8 | hash[at + 1];
    text += DIGITS[pair >> (11 - (bit & 7)) & 31];
  }
  return text;
}

/** Names of files that may hold the reason, best first. */
const RANKS: readonly RegExp[] = [
  /^traceback/,
  /^exception/,
  /^error/,
  /^failure/,
  /^reason$/,
  /^message$/,
  /^tap yaml$/,
  /^stderr$/,
  /^last output$/,
  /^log/,
  /^output$/,
  /^stdout$/,
  /^tap comment$/,
];

/** How likely a file is to hold the reason: the lower, the likelier. */
export function rankOf(name: string, keyFile: string): number {
  if (name === keyFile) return -1;
  // Earlier attempts have names like "attempt-1 traceback".
  const plain = name.replace(/^attempt-\d+ /, "");
  const rank = RANKS.findIndex((pattern) => pattern.test(plain));
  return rank < 0 ? RANKS.length : rank;
}

/** A failure of these alone says that parts of the test failed. */
const PARTS_FAILED =
  /^(?:'?\d+ (?:test steps?|subtests?) failed\.?'?|subtests? failed|.*\bsubtestsFailed\b.*)$/i;

/** Names in quotes, which masking would hide. */
const NAMES =
  /(?:^|[.\\])(?:AttributeError|NameError|UnboundLocalError|ImportError|ReferenceError|TypeError|NoMethodError|NoSuch\w*|MissingMethodException|MissingFieldException)$/;

/** Modules that are missing: wherever one is imported, the fault is the same. */
const MISSING_MODULE: readonly (readonly [types: RegExp, message: RegExp])[] = [
  [/^(?:ModuleNotFoundError|ImportError)$/, /^No module named /],
  [/^ImportError$/, /^Failed to import test module: /],
  [/^(?:\w*Error)$/, /^Cannot find (?:module|package) ['"]/],
  [/^TypeError$/, /^Module not found ['"]/],
  [/^LoadError$/, /^cannot load such file -- /],
  [/(?:^|\.)(?:NoClassDefFoundError|ClassNotFoundException)$/, /./],
  [/(?:^|\.)FileNotFoundException$/, /^Could not load file or assembly/],
];

/** Lines that say what went wrong, in text of no known form. */
const ERROR_WORD =
  /\b(?:error|exception|fail(?:ed|ure|ures|s)?|fatal|panic|abort(?:ed)?|segmentation|killed|cannot|could not|unable|denied|refused|timed? ?out|undefined|not found|no such|core dumped)\b/i;

/** Frames are shorter, and searching longer lines takes time. */
const MAX_LINE_CHARACTERS = 1024;
const MAX_LINES = 20_000;
/** The reason is at the end of a long text. */
const MAX_SEARCHED_LINES = 500;
/** How many ids are remembered: many tests have one fault. */
const MAX_KNOWN_IDS = 4096;
const MAX_KEY_LINES = 100;
/** Our own words for a test that is lost. */
const LOST_REASON = /^The test (?:started and never ended|never started)\.$/;
/** Those of subunit-exec and of workers for a test that took too long. */
const TIMEOUT_REASON =
  /^The test never ended\. The command was ended: it (?:took longer than|wrote nothing for) .*\.$|^timeout after [\d.]+ s$/;

/** Computes fingerprints. */
export class Fingerprinter {
  readonly #hash: (text: string) => Uint8Array;
  readonly #rules: Rules;
  readonly #keyFile: string;
  readonly #prefix: string;
  readonly #known = new Map<string, string>();

  /** @param hash SHA-256 of a text in UTF-8 */
  constructor(hash: (text: string) => Uint8Array, rules: Rules = {}) {
    this.#hash = hash;
    this.#rules = rules;
    this.#keyFile = rules.keyFile ?? KEY_FILE;
    this.#prefix = rules.omitsSource ? "1n-" : "1-";
  }

  /**
   * The fingerprint of a failure; undefined for a test that failed only because
   * its subtests did.
   */
  of(failure: Failure): Fingerprint | undefined {
    const texts = failure.texts
      .filter(({ text }) => text !== "")
      .map((text) => ({ ...text, rank: rankOf(text.name, this.#keyFile) }))
      .sort((a, b) => a.rank - b.rank);
    const keyLines = texts[0]?.rank === -1
      ? linesIn(plainText(texts.shift()!.text))
      : [];
    const parts = this.#parts(failure, texts);
    if (parts === undefined && keyLines.length === 0) return undefined;
    return this.#made(parts ?? NO_PARTS, keyLines);
  }

  /** The id of a kind: of what failures look like, wherever they are. */
  kindIdOf({ types, message }: Fingerprint): string {
    return `k1-${
      encodeId(this.#hash(JSON.stringify([VERSION, types, message])))
    }`;
  }

  #parts(failure: Failure, texts: readonly NamedText[]): Parts | undefined {
    let firstLines: readonly string[] | undefined;
    let { outcome }: { outcome: Failure["outcome"] | "timeout" } = failure;
    for (const { text: raw } of texts) {
      const lines = linesIn(plainText(raw));
      const found = chainIn(lines);
      if (found !== undefined) {
        const { chain, grammar } = found;
        const parts = partsOf(chain, grammar, failure, this.#rules);
        return PARTS_FAILED.test(parts.sample) ? undefined : parts;
      }
      const isTimeout = failure.outcome === "lost" &&
        lines.some((line) => TIMEOUT_REASON.test(line));
      if (isTimeout) outcome = "timeout";
      if (firstLines !== undefined) continue;
      const said = lines.filter((line) =>
        line !== "" && !DECORATION.test(line) && !LOST_REASON.test(line) &&
        !(isTimeout && TIMEOUT_REASON.test(line))
      );
      if (said.length > 0) firstLines = said;
    }
    const isFail = outcome === "fail";
    if (failure.hasFailedPart && (isFail || firstLines !== undefined)) {
      return undefined;
    }
    if (firstLines === undefined) {
      return { ...NO_PARTS, types: outcome, path: [failure.testId] };
    }
    const sample = (headlineIn(firstLines.slice(-MAX_SEARCHED_LINES)) ??
      firstLines.findLast((line) => ERROR_WORD.test(line)) ??
      firstLines.at(-1)!).trim();
    if (PARTS_FAILED.test(sample)) return undefined;
    return {
      ...NO_PARTS,
      types: isFail ? "text" : outcome,
      message: masked(sample, false),
      sample,
    };
  }

  #made(parts: Parts, keyLines: readonly string[]): Fingerprint {
    const { types, message, path, sample, nameless } = parts;
    const source = this.#rules.omitsSource ? "" : parts.source;
    const computed = [types, path[0] ?? "", source, message];
    const key = keyLines.length === 0
      ? [VERSION, ...computed]
      : [VERSION, ...namedKey(keyLines, computed)];
    return {
      id: this.#idOf(key),
      key,
      kind: message === "" ? types : `${types}: ${message}`,
      path,
      types,
      message,
      source,
      sample,
      nameless,
    };
  }

  #idOf(key: readonly string[]): string {
    const text = JSON.stringify(key);
    let id = this.#known.get(text);
    if (id === undefined) {
      if (this.#known.size === MAX_KNOWN_IDS) this.#known.clear();
      id = this.#prefix + encodeId(this.#hash(text));
      this.#known.set(text, id);
    }
    return id;
  }
}

/** What a fingerprint is made of. */
interface Parts {
  readonly types: string;
  readonly message: string;
  readonly path: readonly string[];
  readonly source: string;
  readonly sample: string;
  readonly nameless: readonly string[];
}

const NO_PARTS: Parts = {
  types: "",
  message: "",
  path: [],
  source: "",
  sample: "",
  nameless: [],
};

function partsOf(
  chain: readonly Thrown[],
  grammar: ChainGrammar,
  { testId }: Failure,
  rules: FrameRules,
): Parts {
  const root = chain.at(-1)!;
  const types = chain.length > 1 ? `${root.type}<${chain[0].type}` : root.type;
  const sample = root.message.trim();
  const isMissing = MISSING_MODULE.some(([type, message]) =>
    type.test(root.type) && message.test(sample)
  );
  if (isMissing) {
    const message = masked(sample, false);
    return { ...NO_PARTS, types, message, sample };
  }
  const { frames, source, isOutsideTest, nameless } = chooseFrames(
    root,
    grammar,
    testNames(testId),
    rules,
  );
  const hidesWords = isOutsideTest && !NAMES.test(root.type);
  const message = masked(sample, hidesWords);
  return {
    types,
    message: hidesWords ? maskedWords(message, source) : message,
    path: frames,
    source,
    sample,
    nameless,
  };
}

/** What was thrown, and in which language. */
interface FoundChain {
  readonly chain: readonly Thrown[];
  readonly grammar: ChainGrammar;
}

function chainIn(lines: readonly string[]): FoundChain | undefined {
  const text = lines.join("\n");
  for (const grammar of GRAMMARS) {
    if (!grammar.marker.test(text)) continue;
    const chain = grammar.read(lines);
    if (chain !== undefined) return { chain, grammar };
  }
  return undefined;
}

/** What was thrown in a text, if it is known how its language prints that. */
export function chainOf(text: string): FoundChain | undefined {
  return chainIn(linesIn(plainText(text)));
}

/** A test's own key, in which `{default}` stands for what is computed. */
function namedKey(
  lines: readonly string[],
  computed: readonly string[],
): string[] {
  return lines.filter((line) => line !== "").slice(0, MAX_KEY_LINES)
    .flatMap((line) => line === "{default}" ? computed : [line]);
}

const ESCAPE =
  // deno-lint-ignore no-control-regex -- escapes start with one
  /\x1b(?:\[[\d;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g;

/** A text without escapes. */
function plainText(text: string): string {
  return text.includes("\x1b") ? text.replace(ESCAPE, "") : text;
}

/** The lines of a text, each cut. */
function linesIn(text: string): string[] {
  const lines = text.split("\n");
  if (lines.length > MAX_LINES) {
    lines.splice(MAX_LINES / 2, lines.length - MAX_LINES);
  }
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i];
    if (line.length > MAX_LINE_CHARACTERS) {
      line = line.slice(0, MAX_LINE_CHARACTERS);
    }
    lines[i] = line.trimEnd();
  }
  return lines;
}
