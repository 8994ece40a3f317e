/**
 * Which calls of a traceback identify a fault: own code, innermost first, up to
 * the test, without helpers and without the number of rounds of a recursion.
 *
 * @module
 */

import type {
  Call,
  ChainGrammar,
  Thrown,
} from "../../traceback/chain/chain.ts";

/** What a project says of its own code; patterns match `file:function`. */
export interface FrameRules {
  /** Calls that are the project's, whatever the tables say. */
  readonly own?: RegExp;
  /** Calls that are not. */
  readonly library?: RegExp;
  /** Functions that report failures for others; match the function alone. */
  readonly helpers?: readonly RegExp[];
}

/** Frames, innermost first; the first is the one that counts. */
export interface ChosenFrames {
  readonly frames: readonly string[];
  /**
   * The source code of the first; of a test's own, which says what it calls,
   * without numbers. Its frame is its file then.
   */
  readonly source: string;
  /** Whether the first is a function, and not the test's own. */
  readonly isOutsideTest: boolean;
  /** The first few of minified or stripped code, which count for nothing. */
  readonly nameless: readonly string[];
}

/** How many frames a path has. */
const PATH_FRAMES = 4;
/** More frames are not looked at: the innermost count. */
const MAX_FRAMES = 2000;
const MAX_SOURCE_CHARACTERS = 200;
/** The longest round of a recursion. */
const MAX_ROUND = 4;

/**
 * What a failed assertion throws, or a panic. Any other exception in a function
 * that is called "check" is its own: on injected faults that joins more and mixes
 * none.
 */
const ASSERTION =
  /assert|expect|mismatch|fail|panic|xunit|nunit|^(?:[\w.]*\.)?(?:Error|Exception)$/i;

/** Functions whose failed assertions are their caller's. */
const HELPER =
  /^(?:assert\w*|(?:expect|verify|should|must|require|check|ensure)(?:[A-Z_\d]\w*)?|eq|ne|fail)$/;

/** What is called in a line of source code. */
const CALLED = /[A-Za-z_][\w.]*(?=\()/g;
/** Calls that do not say what a test is about. */
const SAYS_NOTHING =
  /^(?:self\.)?(?:(?:assert|fail)\w*|bytes|dict|int|isinstance|len|list|repr|set|sorted|str|tuple|type|[A-Z]\w*)$/;
const STRING_OR_NUMBER = /"[^"]*"|'[^']*'|(?<![\w.])\d[\w.]*/g;

/** Files whose name says nothing without their folder. */
const GENERIC =
  /^(?:index|main|mod|lib|utils?|helpers?|common|base|types|__init__|__main__|conftest)\.\w+$/;

/** What a test's id says of its function. */
export interface TestNames {
  /** Possible names of the function. */
  readonly functions: readonly string[];
  /** Its class or module, if the id has one. */
  readonly owner: string | undefined;
}

const WORD = /[A-Za-z_$][\w$]*/g;

/** The function that a test's id names, without parameters and scenarios. */
export function testNames(testId: string): TestNames {
  const id = testId.slice(-1024);
  // "test_a (pkg.Suite.test_a)", "test_a[linux]", "test_a(scenario)".
  const plain = id.replace(/[\s]*[[(].*$/, "");
  const words = plain.match(WORD) ?? [];
  const functions = new Set<string>();
  const last = words.at(-1);
  if (last !== undefined) functions.add(last);
  // Go has the names of subtests behind that of the function.
  const parent = plain.includes("/")
    ? /\b(?:Test|Benchmark|Fuzz|Example)\w*(?=\/)/.exec(plain)?.[0]
    : undefined;
  if (parent !== undefined) functions.add(parent);
  const owner = words.at(-2) ?? /\((?:[\w$]+\.)*([\w$]+)\)$/.exec(id)?.[1];
  return { functions: [...functions], owner };
}

function lastName(name: string): string {
  const at = Math.max(
    name.lastIndexOf("."),
    name.lastIndexOf(":"),
    name.lastIndexOf(">"),
    name.lastIndexOf("\\"),
  );
  return name.slice(at + 1);
}

/** A call that has passed the tables. */
interface Candidate {
  readonly text: string;
  readonly file: string;
  readonly function: string;
  readonly source: string | undefined;
  readonly isTest: boolean;
}

/** Chooses the frames of a fault. */
export function chooseFrames(
  { type, calls }: Thrown,
  grammar: ChainGrammar,
  names: TestNames,
  rules: FrameRules,
): ChosenFrames {
  let candidates: Candidate[] = [];
  const nameless: string[] = [];
  const most = Math.min(calls.length, MAX_FRAMES);
  for (let i = 0; i < most; i++) {
    const call = calls[i];
    if (!isOwn(call, grammar, rules)) continue;
    const name = plainName(call.name, grammar);
    const text = frameText(call.file, name, grammar);
    if (text === undefined) {
      const parts = [leafOf(call.file), call.name].filter((part) => part);
      if (nameless.length < PATH_FRAMES) nameless.push(parts.join(":"));
      continue;
    }
    const isTest = isTestCall(call, name, grammar, names);
    candidates.push({
      text,
      file: call.file,
      function: lastName(name),
      source: call.source,
      isTest,
    });
    if (isTest) break;
  }
  candidates = withoutRepeats(candidates);
  const isAssertion = ASSERTION.test(type);
  const isHelper = (name: string) =>
    isAssertion && HELPER.test(name) ||
    rules.helpers?.some((helper) => helper.test(name));
  let start = 0;
  while (
    start < candidates.length - 1 && isHelper(candidates[start].function)
  ) start++;
  const rest = candidates.slice(start);
  const kept = rest[0]?.isTest ? rest : rest.filter(({ isTest }) => !isTest);
  const source = kept[0]?.source?.slice(0, MAX_SOURCE_CHARACTERS) ?? "";
  if (kept[0]?.isTest && saysWhatIsTested(source)) {
    // Other tests may call the same, with other numbers.
    const frame = leafOf(kept[0].file), line = withoutNumbers(source);
    return { frames: [frame], source: line, isOutsideTest: false, nameless };
  }
  return {
    frames: kept.slice(0, PATH_FRAMES).map(({ text }) => text),
    source,
    isOutsideTest: kept.length > 0 && !kept[0].isTest &&
      kept[0].function !== "",
    nameless,
  };
}

function saysWhatIsTested(source: string): boolean {
  const code = source.replace(STRING_OR_NUMBER, "");
  return code.match(CALLED)?.some((name) => !SAYS_NOTHING.test(name)) ?? false;
}

function withoutNumbers(source: string): string {
  return source.replace(
    STRING_OR_NUMBER,
    (text) => /^["']/.test(text) ? text : "<n>",
  );
}

function isOwn(call: Call, grammar: ChainGrammar, rules: FrameRules): boolean {
  const text = `${call.file}:${call.name}`;
  if (grammar.hidden?.test(text)) return false;
  if (rules.own?.test(text)) return true;
  return !(rules.library?.test(text) || grammar.library.test(text));
}

/** Addresses that no debugger found a name for. */
const NAMELESS = /^(?:\?\?|<unknown>|0x[\da-f]+)?$/;

function plainName(name: string, grammar: ChainGrammar): string {
  if (NAMELESS.test(name)) return "";
  return grammar.plainName?.(name) ?? name;
}

/**
 * How a frame is written. Undefined without a name worth keeping: what is left
 * of minified or stripped code is another one in the next build.
 */
function frameText(
  file: string,
  name: string,
  grammar: ChainGrammar,
): string | undefined {
  if (name !== "" && lastName(name).length <= 2 && !/^[A-Z]\w$/.test(name)) {
    if (isMinified(file) || file === "") return undefined;
  }
  if (grammar.isQualified && name !== "") return name;
  const leaf = leafOf(file);
  if (leaf === "") return name === "" ? undefined : name;
  return name === "" ? leaf : `${leaf}:${name}`;
}

function isMinified(file: string): boolean {
  return /\.min\.[cm]?js$|[-.](?=[\w]*\d)[\w]{8,}\.[cm]?js$|\.bundle\.[cm]?js$/
    .test(file);
}

/** The name of a file, with its folder if it says nothing alone. */
function leafOf(file: string): string {
  const path = file.replaceAll("\\", "/").replace(/[?#].*$/, "");
  const at = path.lastIndexOf("/");
  // Bundlers put a hash of the content into the name.
  const leaf = path.slice(at + 1)
    .replace(/[-.](?=[a-zA-Z_]*\d)\w{8,}(?=\.[cm]?[jt]sx?$)/, "");
  if (!GENERIC.test(leaf) || at <= 0) return leaf;
  return `${path.slice(path.lastIndexOf("/", at - 1) + 1, at)}/${leaf}`;
}

function isTestCall(
  call: Call,
  name: string,
  grammar: ChainGrammar,
  { functions, owner }: TestNames,
): boolean {
  if (
    grammar.test !== undefined && grammar.test.test(`${call.file}:${call.name}`)
  ) {
    return true;
  }
  if (grammar.hasSentences || !functions.includes(lastName(name))) {
    return false;
  }
  if (!grammar.namesOwner || owner === undefined) return true;
  return name.split(/[.:$+]+/).includes(owner);
}

/**
 * Leaves one round of each recursion. Where it ended depends on how deep the
 * stack was, so that the round it ended in begins with the least of its frames.
 */
function withoutRepeats(frames: Candidate[]): Candidate[] {
  let left = frames;
  for (let round = 1; round <= MAX_ROUND; round++) {
    if (left.length < 2 * round) break;
    const kept: Candidate[] = [];
    let isInnermost = false;
    for (let i = 0; i < left.length; i++) {
      let isRepeat = kept.length >= round && i + round <= left.length;
      for (let j = 0; isRepeat && j < round; j++) {
        isRepeat = left[i + j].text === kept[kept.length - round + j].text;
      }
      if (isRepeat) {
        i += round - 1;
        isInnermost ||= kept.length === round;
      } else kept.push(left[i]);
    }
    if (isInnermost) rotate(kept, round);
    left = kept;
  }
  return left;
}

/** Puts the least of the first few frames in front, and keeps their order. */
function rotate(frames: Candidate[], count: number): void {
  let least = 0;
  for (let i = 1; i < count; i++) {
    if (frames[i].text < frames[least].text) least = i;
  }
  const round = frames.splice(0, count);
  frames.unshift(...round.slice(least), ...round.slice(0, least));
}
