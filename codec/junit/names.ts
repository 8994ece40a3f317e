/**
 * The names of a JUnit case as a test id and tags, and back.
 *
 * @module
 */

/** What a report says of where a case belongs. */
export interface CaseNames {
  /** "" when the case has none. */
  readonly classname: string;
  readonly name: string;
  /** The suites around it that have names, outermost first. */
  readonly suites: readonly string[];
}

/** What the tag for a suite begins with. */
export const SUITE_TAG = "suite:";
/**
 * What the tag for the `hostname` of a suite begins with: the machine, or the
 * browser of a Playwright project.
 */
export const HOST_TAG = "host:";
/**
 * What the tag begins with that sets tests apart whose suites, or which
 * themselves, have the names of earlier ones in the same report.
 */
export const REPEAT_TAG = "repeat:";
/** What the tag begins with that has the class where the id does not show it. */
const CLASS_TAG = "class:";

/** Between the suites and the name, as in ids of TAP subtests. */
const SEPARATOR = " > ";

/** No title is looked for in longer ids. */
const MAX_TITLES_LENGTH = 4096;

/** Node 20 calls the class of every case so, later ones that of some. */
const NODE_CLASS = "test";
/** pytest calls every suite so. */
const PYTEST_SUITE = "pytest";

/**
 * The id of a case: `classname.name`. Where the class tells nothing, the suites
 * take its place: "cart > full > adds".
 */
export function caseTestId({ classname, name, suites }: CaseNames): string {
  if (name === "" && classname !== "") return classname;
  return isTelling(classname, suites)
    ? `${classname}.${name}`
    : frontOf(suites) + (name || "testcase");
}

/** The id of a test that stands for a suite: the names of those around it. */
export function suitesId(suites: readonly string[]): string {
  return suites.join(SEPARATOR);
}

/**
 * The tag that {@linkcode caseNames} needs besides those of the suites to find
 * the class of a case; undefined where the id is enough.
 */
export function classTag(names: CaseNames): string | undefined {
  const { classname, name, suites } = names;
  if (name === "") return undefined;
  const found = splitCaseId(caseTestId(names), suites, frontOf(suites));
  return found[0] === classname && found[1] === name
    ? undefined
    : CLASS_TAG + classname;
}

/** What the tags of a test say of the names of its case. */
export interface TaggedNames {
  readonly suites: readonly string[];
  /** Undefined where the id shows it. */
  readonly classname: string | undefined;
  /** What the id begins with when the class tells nothing. */
  readonly front: string;
}

/** Reads the tags of a test. Tests with the same tags can share it. */
export function taggedNames(tags: readonly string[]): TaggedNames {
  const suites = tagValues(tags, SUITE_TAG);
  const [classname] = tagValues(tags, CLASS_TAG);
  return { suites, classname, front: frontOf(suites) };
}

/** The names of a case, from the id of its test and what its tags say. */
export function caseNames(testId: string, tagged: TaggedNames): CaseNames {
  const { suites, classname: given, front } = tagged;
  const [classname, name] = given === undefined
    ? splitCaseId(testId, suites, front)
    : [given, nameOf(testId, given, tagged)];
  return { classname, name, suites };
}

/** What stands behind `prefix` in the tags that begin with it. */
export function tagValues(tags: readonly string[], prefix: string): string[] {
  return tags.filter((tag) => tag.startsWith(prefix))
    .map((tag) => tag.slice(prefix.length));
}

/** Says whether {@linkcode caseNames} reads `tag`. */
export function isNameTag(tag: string): boolean {
  return tag.startsWith(SUITE_TAG) || tag.startsWith(CLASS_TAG);
}

/** The name of a test whose class is known. */
function nameOf(
  testId: string,
  classname: string,
  { suites, front }: TaggedNames,
): string {
  const start = isTelling(classname, suites) ? `${classname}.` : front;
  return testId.startsWith(start) ? testId.slice(start.length) : testId;
}

/** A test id as class and name, in the light of its suites. */
function splitCaseId(
  testId: string,
  suites: readonly string[],
  front: string,
): [classname: string, name: string] {
  if (front !== "" && testId.startsWith(front)) {
    return ["", testId.slice(front.length)];
  }
  const split = splitTestId(testId);
  const suite = suites.at(-1);
  // Most producers name the suite after the class. To Catch2 it is the program,
  // and the first word of the class.
  if (
    suite !== undefined && testId.startsWith(`${suite}.`) &&
    testId.length > suite.length + 1 &&
    (suite.includes(".") || !split[0].startsWith(`${suite}.`))
  ) {
    return [suite, testId.slice(suite.length + 1)];
  }
  return split[0] === "" ? splitTitle(testId) : split;
}

/**
 * An id whose class is the title of the test and ends its name, too: as those of
 * Jest's and Mocha's reporters, "adds 1.5.cart adds 1.5".
 */
function splitTitle(testId: string): [classname: string, name: string] {
  if (testId.length > MAX_TITLES_LENGTH) return ["", testId];
  for (
    let dot = testId.indexOf(".", 1);
    dot >= 0 && 2 * dot < testId.length;
    dot = testId.indexOf(".", dot + 1)
  ) {
    // Where the title begins in the name: it is all of it, or its last words.
    const again = testId.length - dot;
    const isAfter = again === dot + 1 || testId[again - 1] === " ";
    const classname = testId.slice(0, dot);
    if (isAfter && testId.endsWith(classname)) {
      return [classname, testId.slice(dot + 1)];
    }
  }
  return ["", testId];
}

function frontOf(suites: readonly string[]): string {
  return suites.filter((suite) => suite !== PYTEST_SUITE)
    .map((suite) => suite + SEPARATOR).join("");
}

function isTelling(classname: string, suites: readonly string[]): boolean {
  // pytest, which has such a class for tests in test.py, has no other suites.
  return classname === NODE_CLASS
    ? suites.length > 0 && frontOf(suites) === ""
    : classname.trim() !== "";
}

/** A file's name at the end of a word, as it is in prose and in paths. */
const FILE_NAME =
  /\.([cm]?[jt]sx?|py|rb|go|rs|java|kt|php|pl|t|sh|bats|cc?|cpp|cs|h|json|ya?ml|toml|xml|html?|css|md|txt|csv|log|ini)$/i;

/**
 * A test id as class and name: at the last dot of the dotted words that it
 * begins with, "pkg.mod.Class.test_it(a=1.5)". Dots in brackets, in numbers, in
 * paths and in prose are none of these: such an id has no class.
 */
export function splitTestId(testId: string): [classname: string, name: string] {
  const word = PLAIN.test(testId) ? testId : dottedWord(testId);
  for (
    let dot = word.lastIndexOf(".");
    dot > 0;
    dot = word.lastIndexOf(".", dot - 1)
  ) {
    if (separates(testId, dot)) {
      return [testId.slice(0, dot), testId.slice(dot + 1)];
    }
  }
  return ["", testId];
}

/** Most ids are dotted words and nothing else. */
const PLAIN = /^[\w.]*$/;

/** The dotted words that an id begins with; "" where they are something else. */
function dottedWord(testId: string): string {
  const [word] = /^[^\s()[\]{]*/.exec(testId)!;
  if (word.includes("::")) return "";
  const isProse = /\s/.test(testId.charAt(word.length));
  const isFile = (isProse || word.includes("/")) && FILE_NAME.test(word);
  const isOther = isProse &&
    (/[.,:;!?]$/.test(word) || testId.startsWith(SEPARATOR, word.length));
  return isFile || isOther ? "" : word;
}

/** Says whether the dot at `dot` may stand between a class and a name. */
function separates(testId: string, dot: number): boolean {
  const before = testId[dot - 1], after = testId[dot + 1];
  return after !== undefined && before !== "." && before !== "/" &&
    after !== "." && after !== "/" && !(isDigit(before) && isDigit(after));
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}
