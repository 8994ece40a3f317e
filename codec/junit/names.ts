/**
 * Converts the names of a JUnit case to a test id and tags, and back.
 *
 * @module
 */

/** The names that a report gives to a case. */
export interface CaseNames {
  /** "" if the case has none. */
  readonly classname: string;
  readonly name: string;
  /** The names of the enclosing suites, outermost first. */
  readonly suites: readonly string[];
}

/** The beginning of the tag of a suite. */
export const SUITE_TAG = "suite:";
/**
 * The beginning of the tag of a suite's `hostname`: a machine, or a project of
 * Playwright.
 */
export const HOST_TAG = "host:";
/**
 * The beginning of the tag that distinguishes tests whose names are those of
 * earlier tests in the same report.
 */
export const REPEAT_TAG = "repeat:";
/** The beginning of the tag of a class that the id does not show. */
const CLASS_TAG = "class:";

/** Separates suites and name, as in ids of TAP subtests. */
const SEPARATOR = " > ";

/** Longer ids are not searched for titles. */
const MAX_TITLES_LENGTH = 4096;

/** The class of all cases in Node 20, and of some in later versions. */
const NODE_CLASS = "test";
/** The name of all suites in pytest. */
const PYTEST_SUITE = "pytest";

/**
 * The id of a case: `classname.name`. If the class identifies nothing, the
 * suites take its place: "cart > full > adds".
 */
export function caseTestId({ classname, name, suites }: CaseNames): string {
  if (name === "" && classname !== "") return classname;
  // Joined, not added: V8 reads one piece faster than two.
  return isTelling(classname, suites)
    ? [classname, name].join(".")
    : frontOf(suites) + (name || "testcase");
}

/** The id of a test that represents a suite. */
export function suitesId(suites: readonly string[]): string {
  return suites.join(SEPARATOR);
}

/**
 * The tag for the class of a case; undefined if {@linkcode caseNames} finds the
 * class without it.
 */
export function classTag(names: CaseNames): string | undefined {
  const { classname, name, suites } = names;
  if (name === "") return undefined;
  const found = splitCaseId(caseTestId(names), suites, frontOf(suites));
  return found[0] === classname && found[1] === name
    ? undefined
    : CLASS_TAG + classname;
}

/** The names in the tags of a test. */
export interface TaggedNames {
  readonly suites: readonly string[];
  /** Undefined if the id shows it. */
  readonly classname: string | undefined;
  /** The beginning of ids without a class. */
  readonly front: string;
}

/** Reads the tags of a test. Tests with the same tags can share the result. */
export function taggedNames(tags: readonly string[]): TaggedNames {
  const suites = tagValues(tags, SUITE_TAG);
  const [classname] = tagValues(tags, CLASS_TAG);
  return { suites, classname, front: frontOf(suites) };
}

/** The names of a case, from the id of its test and the names in the tags. */
export function caseNames(testId: string, tagged: TaggedNames): CaseNames {
  const { suites, classname: given, front } = tagged;
  const [classname, name] = given === undefined
    ? splitCaseId(testId, suites, front)
    : [given, nameOf(testId, given, tagged)];
  return { classname, name, suites };
}

/** The tags that begin with `prefix`, without it. */
export function tagValues(tags: readonly string[], prefix: string): string[] {
  return tags.filter((tag) => tag.startsWith(prefix))
    .map((tag) => tag.slice(prefix.length));
}

/** Returns whether {@linkcode taggedNames} reads `tag`. */
export function isNameTag(tag: string): boolean {
  return tag.startsWith(SUITE_TAG) || tag.startsWith(CLASS_TAG);
}

/** The name of a case whose class is known. */
function nameOf(
  testId: string,
  classname: string,
  { suites, front }: TaggedNames,
): string {
  const start = isTelling(classname, suites) ? `${classname}.` : front;
  return testId.startsWith(start) ? testId.slice(start.length) : testId;
}

/** Splits a test id into class and name, given its suites. */
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
  // In most reports the suite has the name of the class. In Catch2's it is the
  // program, and the first word of the class.
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
 * Splits an id whose class is the title of the test, and also the end of its
 * name, as in the reports of Jest and Mocha: "adds 1.5.cart adds 1.5".
 */
function splitTitle(testId: string): [classname: string, name: string] {
  if (testId.length > MAX_TITLES_LENGTH) return ["", testId];
  for (
    let dot = testId.indexOf(".", 1);
    dot >= 0 && 2 * dot < testId.length;
    dot = testId.indexOf(".", dot + 1)
  ) {
    // The title is the whole name or its last words.
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
  if (suites.length === 0) return "";
  return suites.filter((suite) => suite !== PYTEST_SUITE)
    .map((suite) => suite + SEPARATOR).join("");
}

function isTelling(classname: string, suites: readonly string[]): boolean {
  // In pytest this is the class of tests in test.py.
  return classname === NODE_CLASS
    ? suites.length > 0 && frontOf(suites) === ""
    : classname.trim() !== "";
}

/** The end of a file name. */
const FILE_NAME =
  /\.([cm]?[jt]sx?|py|rb|go|rs|java|kt|php|pl|t|sh|bats|cc?|cpp|cs|h|json|ya?ml|toml|xml|html?|css|md|txt|csv|log|ini)$/i;

/**
 * Splits a test id into class and name, at the last dot of the dotted name that
 * it begins with: "pkg.mod.Class.test_it(a=1.5)". An id without a dotted name has
 * no class; dots in brackets, numbers, paths and prose do not make one.
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

/** Most ids are nothing but a dotted name: this is the fast way. */
const PLAIN = /^[\w.]*$/;

/** The dotted name that an id begins with; "" if there is none. */
function dottedWord(testId: string): string {
  const [word] = /^[^\s()[\]{]*/.exec(testId)!;
  if (word.includes("::")) return "";
  const isProse = /\s/.test(testId.charAt(word.length));
  const isFile = (isProse || word.includes("/")) && FILE_NAME.test(word);
  const isOther = isProse &&
    (/[.,:;!?]$/.test(word) || testId.startsWith(SEPARATOR, word.length));
  return isFile || isOther ? "" : word;
}

/** Returns whether the dot at `dot` may separate a class and a name. */
function separates(testId: string, dot: number): boolean {
  const before = testId[dot - 1], after = testId[dot + 1];
  return after !== undefined && before !== "." && before !== "/" &&
    after !== "." && after !== "/" && !(isDigit(before) && isDigit(after));
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}
