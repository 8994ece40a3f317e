/**
 * How well failures are joined by cause: rules compared on failures whose causes
 * are known, as they were injected. F1 is over pairs: of those that a rule joins
 * how many have one cause, and of those with one cause how many it joins.
 *
 * The rules of others are made again over our reading of the traceback; they
 * serve crashes, where who called matters, and not tests.
 *
 * @module
 */

import { createHash } from "../../filters/kit/runtime/builtin.ts";
import { causeOf, failuresOfShops } from "../../tests/support/fault_corpus.ts";
import {
  chainOf,
  Fingerprinter,
  type NamedText,
} from "../../filters/faults/fingerprint/fingerprint.ts";

/** A failure whose fault is known. */
export interface Labelled {
  /** The number of the fault that was injected, or a name. */
  readonly fault: number | string;
  readonly testId: string;
  readonly text: string;
  /** The files of the test, if the text is not its traceback alone. */
  readonly texts?: readonly NamedText[];
}

/** How well a rule joins. */
export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** A rule joins failures with one key, or failures that it finds alike. */
type Rule =
  | { readonly keyOf: (failure: Labelled) => string }
  | { readonly isAlike: (a: Labelled, b: Labelled) => boolean };

const fingerprinter = new Fingerprinter((text) =>
  createHash("sha256").update(text).digest()
);

function print(
  { testId, text, texts = [{ name: "traceback", text }] }: Labelled,
) {
  return fingerprinter.of({ testId, outcome: "fail", texts });
}

/** The frames of a traceback as `file:function`, innermost first. */
function frames({ text }: Labelled, onlyOwn: boolean): string[] {
  const found = chainOf(text);
  if (found === undefined) return [];
  const { chain, grammar } = found;
  return chain.at(-1)!.calls
    .filter(({ file, name }) =>
      !onlyOwn || !grammar.library.test(`${file}:${name}`)
    )
    .map(({ file, name, source }) =>
      `${file.slice(file.lastIndexOf("/") + 1)}:${name}${
        onlyOwn ? `:${source}` : ""
      }`
    );
}

function thrown({ text }: Labelled): [type: string, message: string] {
  const root = chainOf(text)?.chain.at(-1);
  return [root?.type ?? "", root?.message ?? text];
}

/** How many of the frames are in both, in one order. */
function commonFrames(a: readonly string[], b: readonly string[]): number {
  let row = new Array(b.length + 1).fill(0);
  for (const frame of a) {
    const next = [0];
    for (let j = 0; j < b.length; j++) {
      next.push(
        frame === b[j] ? row[j] + 1 : Math.max(row[j + 1], next[j]),
      );
    }
    row = next;
  }
  return row[b.length];
}

export const RULES: Readonly<Record<string, Rule>> = {
  ours: { keyOf: (failure) => print(failure)?.id ?? "" },
  "four frames": {
    keyOf: (failure) => {
      const { types, message, path } = print(failure)!;
      return JSON.stringify([types, message, path]);
    },
  },
  "type and masked message": { keyOf: (failure) => print(failure)!.kind },
  "raw message": { keyOf: (failure) => thrown(failure).join(": ") },
  "all own frames, as Sentry": {
    keyOf: (failure) =>
      JSON.stringify([thrown(failure)[0], frames(failure, true)]),
  },
  "all functions, as Apport": {
    keyOf: (failure) =>
      JSON.stringify([
        thrown(failure)[0],
        frames(failure, false).map((frame) => frame.split(":")[1]),
      ]),
  },
  "three frames alike, as ClusterFuzz": {
    isAlike(a, b) {
      const [first, second] = [a, b].map((each) =>
        frames(each, false).slice(0, 3)
      );
      return commonFrames(first, second) >=
        Math.min(2, first.length, second.length);
    },
  },
  "raw text": { keyOf: ({ text }) => text },
};

/** Scores a rule on failures. */
export function score(rule: Rule, failures: readonly Labelled[]): Score {
  const keys = "keyOf" in rule ? failures.map(rule.keyOf) : undefined;
  let joined = 0, same = 0, both = 0;
  for (let i = 0; i < failures.length; i++) {
    for (let j = i + 1; j < failures.length; j++) {
      const isSame = failures[i].fault === failures[j].fault;
      const isJoined = keys !== undefined
        ? keys[i] === keys[j]
        : (rule as { isAlike(a: Labelled, b: Labelled): boolean })
          .isAlike(failures[i], failures[j]);
      if (isSame) same++;
      if (isJoined) joined++;
      if (isSame && isJoined) both++;
    }
  }
  const precision = joined === 0 ? 1 : both / joined;
  const recall = same === 0 ? 1 : both / same;
  const f1 = both === 0 ? 0 : 2 * precision * recall / (precision + recall);
  return { precision, recall, f1 };
}

/** The failures in the output of `mutants.py`. */
export function readInjected(path: string | URL): Labelled[] {
  return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The failures of the small shops, each with the fault that causes it. */
export function readShops(): Labelled[] {
  return failuresOfShops().flatMap((failed) => {
    const cause = causeOf(failed);
    if (cause === undefined) return [];
    const { language, testId, texts } = failed;
    return [{
      fault: `${language.split(" ")[0]}: ${cause}`,
      testId,
      text: texts.map(({ text }) => text).join("\n"),
      texts,
    }];
  });
}

if (import.meta.main) {
  for (const path of ["the shops", ...Deno.args]) {
    const failures = path === "the shops" ? readShops() : readInjected(path);
    const faults = new Set(failures.map(({ fault }) => fault)).size;
    console.log(`${path}: ${failures.length} failures, ${faults} faults`);
    for (const [name, rule] of Object.entries(RULES)) {
      const { precision, recall, f1 } = score(rule, failures);
      const figures = [f1, precision, recall]
        .map((figure) => figure.toFixed(2));
      console.log(`  ${name}: F1 ${figures.join(", ")}`);
    }
  }
}
