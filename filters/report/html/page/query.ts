/**
 * The search language: words that must all match. `status:fail tag:x route:0/*
 * slower:1s id:pkg.* flaky:true text`; quotes keep spaces, `-` in front negates,
 * commas list alternatives of a status.
 *
 * @module
 */

/** What a search reads of the tests, by their positions. */
export interface Searchable {
  id(test: number): string;
  /** The name of the outcome. */
  outcome(test: number): string;
  /** Undefined if it is not known. */
  seconds(test: number): number | undefined;
  /** Empty if there is none. */
  route(test: number): string;
  tags(test: number): readonly string[];
  isFlaky(test: number): boolean;
  /** What words are looked for in, in lower case. */
  text(test: number): string;
}

type Matches = (tests: Searchable, test: number) => boolean;

/** A search that has been read. */
export interface Query {
  /** Returns whether a test has all words. */
  matches: Matches;
  /** What is wrong with the search, and what to write instead. */
  readonly hints: readonly string[];
}

/** The names that stand for several outcomes. */
const STATUS_SETS: Readonly<Record<string, readonly string[]>> = {
  failing: ["fail", "uxsuccess", "lost"],
  failed: ["fail"],
  passed: ["success"],
  pass: ["success"],
  skipped: ["skip"],
};
const STATUSES = ["success", "uxsuccess", "skip", "fail", "xfail", "lost"];

/** What each key makes of its value; a string is a hint. */
const KEYS: Readonly<Record<string, (value: string) => Matches | string>> = {
  status(value) {
    const names = value.toLowerCase().split(",").filter(Boolean)
      .flatMap((name) => STATUS_SETS[name] ?? [name]);
    const unknown = names.find((name) => !STATUSES.includes(name));
    if (unknown !== undefined || names.length === 0) {
      return `status: is one of ${STATUSES.join(", ")} or failing`;
    }
    const wanted = new Set(names);
    return (tests, test) => wanted.has(tests.outcome(test));
  },
  tag(value) {
    const isWanted = wholeMatcher(value);
    return (tests, test) => tests.tags(test).some(isWanted);
  },
  route(value) {
    const isWanted = wholeMatcher(value);
    return (tests, test) => isWanted(tests.route(test));
  },
  id(value) {
    const isWanted = value.includes("*")
      ? wholeMatcher(value)
      : containing(value);
    return (tests, test) => isWanted(tests.id(test));
  },
  slower(value) {
    const bound = parseSeconds(value);
    if (bound === undefined) return durationHint("slower");
    return (tests, test) => (tests.seconds(test) ?? -1) > bound;
  },
  faster(value) {
    const bound = parseSeconds(value);
    if (bound === undefined) return durationHint("faster");
    return (tests, test) => (tests.seconds(test) ?? Infinity) < bound;
  },
  flaky(value) {
    if (!/^(true|false|yes|no)$/i.test(value)) {
      return "flaky: is true or false";
    }
    const wanted = /^(true|yes)$/i.test(value);
    return (tests, test) => tests.isFlaky(test) === wanted;
  },
};

/** The keys of the search language. */
const SEARCH_KEYS: readonly string[] = Object.keys(KEYS);

function durationHint(key: string): string {
  return `${key}: is a duration, such as 200ms, 1.5s or 2m`;
}

/** A word: perhaps negated, perhaps with a key, perhaps in quotes. */
const WORD = /(-?)(?:([a-z]+):(?![:/]))?("[^"]*"?|\S+|(?=\s|$))/gi;

/** Reads a search. What cannot be understood is searched for as text. */
export function parseQuery(text: string): Query {
  const terms: Matches[] = [];
  const hints: string[] = [];
  for (const [word, minus, key, value] of text.matchAll(WORD)) {
    if (word === "" || word === "-") continue;
    const plain = unquoted(value);
    const term = termOf(key?.toLowerCase(), plain, word.slice(minus.length));
    if (typeof term === "string") hints.push(term);
    else if (term !== undefined) {
      terms.push(
        minus === "" ? term : (tests, test) => !term(tests, test),
      );
    }
    if (key !== undefined && !Object.hasOwn(KEYS, key.toLowerCase())) {
      hints.push(
        `${key}: is searched for as text; the keys are ${
          SEARCH_KEYS.map((known) => `${known}:`).join(" ")
        }`,
      );
    }
  }
  return {
    hints,
    matches(tests, test) {
      for (const term of terms) if (!term(tests, test)) return false;
      return true;
    },
  };
}

/** A term, a hint, or undefined while it is being typed. */
function termOf(
  key: string | undefined,
  value: string,
  word: string,
): Matches | string | undefined {
  if (key !== undefined && Object.hasOwn(KEYS, key)) {
    // The value is still to come; `route:""` asks for no route.
    return value === "" && !word.endsWith('""') ? undefined : KEYS[key](value);
  }
  const wanted = (key === undefined ? value : word.replaceAll('"', ""))
    .toLowerCase();
  return (tests, test) => tests.text(test).includes(wanted);
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.replaceAll('"', "") : value;
}

function containing(value: string): (text: string) => boolean {
  const wanted = value.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}

/** Matches a whole text, where `*` stands for anything; case does not count. */
function wholeMatcher(pattern: string): (text: string) => boolean {
  const parts = pattern.toLowerCase().split("*");
  if (parts.length === 1) return (text) => text.toLowerCase() === parts[0];
  const first = parts[0], last = parts.at(-1)!;
  const middle = parts.slice(1, -1);
  // Not a regular expression: `*a*a*a*b` would take exponential time.
  return (text) => {
    const lower = text.toLowerCase();
    let from = first.length;
    const end = lower.length - last.length;
    if (end < from || !lower.startsWith(first) || !lower.endsWith(last)) {
      return false;
    }
    for (const part of middle) {
      const at = lower.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return from <= end;
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 0.001,
  "": 1,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
};

/** Reads a duration; undefined if it is none. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)(ms|s|m|min|h|)$/i.exec(text);
  return match === null
    ? undefined
    : Number(match[1]) * UNITS[match[2].toLowerCase()];
}

/** Writes a value so that a search reads it as one word. */
export function quoted(value: string): string {
  return /^[^\s"]+$/.test(value) ? value : `"${value.replaceAll('"', "")}"`;
}

/** Adds a word to a search or removes it, with other words for the same key. */
export function toggleWord(text: string, word: string): string {
  const key = word.slice(0, word.indexOf(":") + 1);
  const words: string[] = text.match(/-?[a-z]+:"[^"]*"|"[^"]*"|\S+/gi) ?? [];
  const others = words.filter((other) => !other.startsWith(key));
  return (words.includes(word) ? others : [...others, word]).join(" ");
}
