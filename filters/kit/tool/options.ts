/**
 * A tool's table of options, and the parsing of command lines.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UnknownOptionError, UsageError } from "../errors.ts";

/** One row of a tool's table of options. */
export interface Option {
  /** Its effect, for `--help`. */
  readonly help: string;
  /** Its one-letter form. */
  readonly short?: string;
  /** The name of its value in `--help`; without it the option is a flag. */
  readonly value?: string;
  /** Whether it may be given more than once; then all values are kept. */
  readonly list?: boolean;
  /** Its value if none is given with "=". */
  readonly bare?: string;
  /** Whether it takes two values, of which the second may be empty. */
  readonly pair?: boolean;
  /** The other flags that it sets. */
  readonly means?: readonly string[];
}

/** A tool's options by their long names. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The values of options: a boolean for a flag, otherwise text or undefined. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { value: string }
    ? Table[Name] extends { list: true } ? readonly string[]
    : string | undefined
    : boolean;
};

/** The options of every tool. */
export const COMMON_OPTIONS = {
  help: { short: "h", help: "show this text" },
  version: { help: "show the version" },
} as const satisfies OptionTable;

/** How a command line is read, apart from its options. */
export interface Grammar {
  /** Whether an operand may begin with a dash; then all options are long. */
  readonly takesDashes?: boolean;
  /** Whether the words after "--" are a command, not operands. */
  readonly takesCommand?: boolean;
}

/** A parsed command line. */
interface Words {
  readonly options: Record<string, unknown>;
  readonly operands: string[];
  /** The words after "--", if they are a command; undefined without "--". */
  readonly command: readonly string[] | undefined;
}

/**
 * Parses a command line by a table of options. Of "--x" and "--no-x" the last
 * one counts.
 */
export function parseOptions(
  table: OptionTable,
  args: readonly string[],
  { takesDashes = false, takesCommand = false }: Grammar = {},
): Words {
  const at = takesCommand ? args.indexOf("--") : -1;
  const command = at < 0 ? undefined : args.slice(at + 1);
  const words = at < 0 ? args : args.slice(0, at);
  const all: OptionTable = { ...table, ...COMMON_OPTIONS };
  const names = (wanted: (option: Option) => unknown) =>
    Object.keys(all).filter((name) => wanted(all[name]));
  const valued = names((option) => option.value);
  // The parser takes the value of --no-x=value for that of --x.
  const negated = valued.filter((name) => name.startsWith("no-"))
    .map((name) => name.slice("no-".length));
  const { _: operands, ...options }: Record<string, unknown> = parseArgs(
    plainWords(all, words, takesDashes),
    {
      boolean: names((option) => !option.value),
      string: ["_", ...valued, ...negated],
      collect: names((option) => option.list),
    },
  );
  for (const name of negated) {
    options[`no-${name}`] = options[name];
    delete options[name];
  }
  return { options, operands: operands as string[], command };
}

/**
 * Rewrites a command line: each option by its long name with its value in the
 * same word, and the operands after "--". The parser would guess which words are
 * values (`--times true`, `-c0`, `--attach-file -`); the table knows.
 */
function plainWords(
  table: OptionTable,
  args: readonly string[],
  takesDashes: boolean,
): string[] {
  const words: string[] = [], operands: string[] = [];
  const rest = [...args];
  const takeValue = (shown: string, name: string, given?: string) => {
    const { bare, pair, value: called } = table[name];
    const value = given ?? bare ?? rest.shift();
    const second = pair ? rest.shift() : "";
    if (!value || second === undefined) {
      throw new UsageError(
        `Option ${shown} needs ${
          pair ? "two values" : "a value"
        }: write --${name}=${called}`,
      );
    }
    words.push(`--${name}=${value}`);
    if (pair) words.push(`--${name}=${second}`);
  };
  const takeFlag = (name: string) => {
    const opposite = name.startsWith("no-") ? name.slice(3) : `no-${name}`;
    const before = words.indexOf(`--${opposite}`);
    if (before >= 0) words.splice(before, 1);
    if (!words.includes(`--${name}`)) words.push(`--${name}`);
    table[name].means?.forEach(takeFlag);
  };
  for (let word; (word = rest.shift()) !== undefined;) {
    if (word === "--") {
      operands.push(...rest.splice(0));
    } else if (word.startsWith("--")) {
      const [, name, given] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
      if (!Object.hasOwn(table, name)) {
        throw new UnknownOptionError(`--${name}`);
      }
      if (table[name].value) takeValue(`--${name}`, name, given);
      else if (given === undefined) takeFlag(name);
      else throw new UsageError(`Option --${name} takes no value`);
    } else if (word.startsWith("-") && word !== "-" && !takesDashes) {
      for (let at = 1; at < word.length; at++) {
        const short = `-${word[at]}`;
        const name = Object.keys(table)
          .find((name) => table[name].short === word[at]);
        if (name === undefined) throw new UnknownOptionError(short);
        if (table[name].value) {
          takeValue(short, name, word.slice(at + 1) || undefined);
          break;
        }
        takeFlag(name);
      }
    } else {
      operands.push(word);
    }
  }
  return [...words, "--", ...operands];
}

/** Returns the value of an option that takes a whole number. */
export function parseCount(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(
    `Option --${name} is "${value}": expected a whole number`,
  );
}

/**
 * Returns the value of an option that takes a number: "50", "1.5".
 *
 * @param expected what the option takes, for the message
 */
export function parseNumber(
  name: string,
  value: string,
  expected = "a number",
): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(value)) return Number(value);
  throw new UsageError(`Option --${name} is "${value}": expected ${expected}`);
}

/** Returns the value of an option that takes a number of bytes: "256K" is 262144. */
export function parseBytes(name: string, value: string): number {
  const [, digits, unit = ""] = /^(\d{1,9})([KMGT]?)$/.exec(value) ?? [];
  if (digits !== undefined) {
    return Number(digits) * 1024 ** " KMGT".indexOf(unit || " ");
  }
  throw new UsageError(
    `Option --${name} is "${value}": expected a number of bytes, such as 1000 or 256K`,
  );
}

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;
/** The longest that a timer takes. */
const MAX_SECONDS = 2 ** 31 / 1000 - 1;

/**
 * Returns the seconds in the value of an option that takes a duration: "30s",
 * "1.5m", "500ms", "2h".
 */
export function parseDuration(name: string, value: string): number {
  const [, digits, unit = "s"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/
    .exec(value) ?? [];
  const seconds = Number(digits) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(
    `Option --${name} is "${value}": expected a duration, such as 30s, 5m or 1h`,
  );
}

/** Returns the value of an option that takes one of several words. */
export function parseChoice<const Choice extends string>(
  name: string,
  value: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  throw new UsageError(
    `Option --${name} is "${value}": expected ${choices.join(", ")}`,
  );
}

/**
 * Returns the one of several options that is given; undefined for none.
 *
 * @throws {UsageError} when two are
 */
export function chosenOption<const Name extends string>(
  options: { readonly [Key in Name]?: unknown },
  names: readonly Name[],
): Name | undefined {
  const [chosen, another] = names.filter((name) => options[name]);
  if (another === undefined) return chosen;
  throw new UsageError(
    `Options --${chosen} and --${another} exclude each other`,
  );
}
