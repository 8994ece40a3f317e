/**
 * Test runners: how each is called so that it runs certain tests and no others.
 *
 * @module
 */

/** A test as a runner names it. */
export interface Target {
  /** What the tests of one command have in common: a file, a package. */
  readonly group: string;
  /** Its name in there. */
  readonly name: string;
}

/** Whether there is a file at a path. */
export type IsFile = (path: string) => boolean;

/** A test runner. */
export interface Runner {
  /** What ids look like, for `--help` and messages. */
  readonly id: string;
  /** The arguments, for `--help`. */
  readonly prints: string;
  /** What else may run, for `--help`; without it exactly the tests do. */
  readonly also?: string;
  /** Whether a test runs the runner itself. */
  readonly isTested: boolean;
  /** The target of an id; undefined when the id does not name a test. */
  target(id: string, isFile: IsFile): Target | undefined;
  /** The ids of the tests around one, which run to reach it. */
  around?(id: string): readonly string[];
  /** The names that a name may stand for; without this only itself. */
  spellings?(name: string): readonly string[];
  /** Whether groups with the same names share a command. */
  readonly sharesGroups?: boolean;
  /** Whether a command's words are tests, so that it can be cut anywhere. */
  readonly isPlain?: boolean;
  /** The words for tests of these groups. */
  words(names: readonly string[], groups: readonly string[]): string[];
  /** The words that refer to a file with a test on each line. */
  fileWords?(path: string): string[];
}

/** Escapes a text for regular expressions of JavaScript, Go, Python, Rust and CMake. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("\n", "\\n");
}

/** A regular expression for exactly these texts, given as expressions. */
function exactly(expressions: readonly string[]): string {
  return `^(${expressions.join("|")})$`;
}

/** A path that is not taken for an option. */
function asPath(path: string): string {
  return path.startsWith("-") ? `./${path}` : path;
}

/** Longer paths are those of no file. */
const MAX_PATH_LENGTH = 4096;

/** The file and the name in "FILE::NAME", or in "FILE.NAME". */
function fileAndName(id: string, isFile: IsFile): Target | undefined {
  const at = id.indexOf("::");
  return at > 0
    ? targetOf(id.slice(0, at), id.slice(at + 2))
    : dottedFileAndName(id, isFile);
}

/**
 * The file and the name in "FILE.NAME", as reports in JUnit's format have it,
 * where FILE is the longest path of a file.
 */
function dottedFileAndName(id: string, isFile: IsFile): Target | undefined {
  let dot = Math.min(id.length, MAX_PATH_LENGTH);
  while ((dot = id.lastIndexOf(".", dot - 1)) > 0) {
    const path = id.slice(0, dot);
    if (isFile(path)) return targetOf(path, id.slice(dot + 1));
  }
}

function targetOf(file: string, name: string): Target | undefined {
  const isNamed = file !== "" && name !== "" && !file.includes("\n");
  return isNamed ? { group: file, name } : undefined;
}

/** Between the names of a test and of those around it: ours, then Playwright's. */
const TITLES = / [>›] /;

/** Of tests with the same names, "#2" is the second one. */
const REPEAT = / #\d{1,9}$/;
const MAX_REPEAT_LENGTH = 11;

/** Between names, in an expression: runners join them with spaces. */
const JOINT = "(?: [>›])? ";

/** Expressions for the names of a test and those around it. */
function titleRegexes(name: string): string[] {
  const [repeat = ""] = REPEAT.exec(name.slice(-MAX_REPEAT_LENGTH)) ?? [];
  const titles = name.slice(0, name.length - repeat.length).split(TITLES)
    .map(escapeRegex);
  const last = titles.length - 1;
  return repeat === ""
    ? titles
    : titles.with(last, `${titles[last]}(?:${repeat})?`);
}

/** An expression for a test by all its names. */
function titleRegex(name: string): string {
  return titleRegexes(name).join(JOINT);
}

/** The same by the name of the test alone; the others may be part of it. */
function lastTitleRegex(name: string): string {
  const titles = titleRegexes(name), last = titles.pop()!;
  const before = titles.join(JOINT);
  return before === "" ? last : `(?:${before}${JOINT})?${last}`;
}

/** A runner of JavaScript that takes files, and an expression for names. */
const BY_FILE = {
  id: "FILE::NAME",
  target: fileAndName,
  sharesGroups: true,
} as const;

/** A Python test by its dotted name. */
const DOTTED = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)+$/u;

/** A list of tests in a file, as testtools reads it. */
const LOAD_LIST = { fileWords: (path: string) => ["--load-list", path] };

/** stestr and testr: ids are searched with expressions. */
const BY_SEARCH = {
  id: "any",
  prints: "'^ID$'...",
  target: (name: string) => ({ group: "", name }),
  isPlain: true,
  words: (names: readonly string[]) =>
    names.map((name) => `^${escapeRegex(name)}$`),
  ...LOAD_LIST,
};

/** The name of a package of Go, and that of a test in it. */
const GO_ID =
  /^([\w.~+/][\w.~+/-]*?)\.((?:Test|Example|Fuzz)(?![\p{Ll}])[\p{L}\p{N}_]*)(?:\/(.+))?$/su;
const GO_PACKAGE = /^[\w.~+][\w.~+/-]*$/;

function goTarget(id: string): Target | undefined {
  const [, path, test, subtests] = GO_ID.exec(id) ?? [];
  if (path === undefined) {
    // Benchmarks are run by another option.
    const isBenchmark = id.includes(".Benchmark", id.lastIndexOf("/"));
    return GO_PACKAGE.test(id) && !isBenchmark
      ? { group: id, name: "" }
      : undefined;
  }
  const names = [test, ...subtests?.split("/") ?? []];
  const name = names.pop()!;
  return { group: [path, ...names].join("\0"), name };
}

/** Subtests that are deeper are not looked for in the list. */
const MAX_LEVELS = 100;

/** The ids of the tests around a Go test, which run with it. */
function goParents(id: string): string[] {
  const [, path, test, subtests] = GO_ID.exec(id) ?? [];
  if (subtests === undefined) return [];
  const names = [`${path}.${test}`, ...subtests.split("/")];
  if (names.length > MAX_LEVELS) return [];
  return names.slice(1).map((_, at) => names.slice(0, at + 1).join("/"));
}

/** The node id of a test of pytest, which reports in JUnit's format join by dots. */
function pytestTarget(id: string, isFile: IsFile): Target | undefined {
  const [, path = "", parameters = ""] = /^([^[\n]*)(\[.*\])?$/.exec(id) ?? [];
  if (path.includes("::")) return { group: "", name: asPath(id) };
  if (path.length > MAX_PATH_LENGTH) return undefined;
  const names = path.split(".");
  for (let count = names.length - 1; count > 0; count--) {
    const file = `${names.slice(0, count).join("/")}.py`;
    if (!isFile(file)) continue;
    const name = [file, ...names.slice(count)].join("::") + parameters;
    return { group: "", name: asPath(name) };
  }
}

/** CTest's reports in JUnit's format have the name as the class, too: "a.a". */
function ctestSpellings(name: string): string[] {
  const half = (name.length - 1) / 2, first = name.slice(0, half);
  return name === `${first}.${first}` && first !== "" ? [name, first] : [name];
}

const PLAYWRIGHT_PLACE = /^(.+?):(\d+)(?::\d+)?(?: › .*)?$/s;

function playwrightTarget(id: string, isFile: IsFile): Target | undefined {
  const [, file, line] = PLAYWRIGHT_PLACE.exec(id) ?? [];
  if (line !== undefined) return { group: "line", name: `${file}:${line}` };
  const [, path, title] = /^(\S+) › (.+)$/s.exec(id) ?? [];
  const target = dottedFileAndName(id, isFile) ??
    (path === undefined ? fileAndName(id, isFile) : targetOf(path, title));
  return target && { group: "title", name: `${target.group} › ${target.name}` };
}

const RUST_PATH = /^[\p{L}\p{N}_]+(?:::[\p{L}\p{N}_]+)*$/u;
const RUST_PACKAGE = /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u;

/**
 * "crate::mod::t", or with the name of nextest for the binary
 * "crate::integration.mod::t".
 */
function rustTarget(id: string): Target | undefined {
  const dot = id.indexOf(".");
  const [crate, ...rest] = (dot < 0 ? id : id.slice(0, dot)).split("::");
  const name = dot < 0 ? rest.join("::") : id.slice(dot + 1);
  if (!RUST_PACKAGE.test(crate) || !RUST_PATH.test(name)) return undefined;
  const binary = dot < 0 ? "" : rest.join("::");
  if (binary !== "" && !/^(?:bin\/)?[\p{L}\p{N}_-]+$/u.test(binary)) {
    return undefined;
  }
  return { group: binary === "" ? crate : `${crate}::${binary}`, name };
}

function cargoWords(names: readonly string[], [group]: readonly string[]) {
  const [crate, binary] = group.split("::");
  const target = binary === undefined
    ? []
    : binary.startsWith("bin/")
    ? ["--bin", binary.slice(4)]
    : ["--test", binary];
  return ["-p", crate, ...target, "--", "--exact", ...names];
}

function nextestTarget(id: string): Target | undefined {
  const target = rustTarget(id);
  if (target === undefined) return undefined;
  const { group, name } = target;
  const where = group.includes("::") ? "binary_id" : "package";
  return { group: "", name: `(${where}(=${group}) & test(=${name}))` };
}

/** The runners, by the values of `--as`. */
export const RUNNERS = {
  go: {
    id: "PACKAGE.TestX/subtest",
    prints: "PACKAGE -run '^(TestX)$/^(a|b)$'",
    isTested: true,
    target: goTarget,
    around: goParents,
    words(names, [group]) {
      const [path, ...parents] = group.split("\0");
      if (names[0] === "") return [path];
      const levels = [...parents.map((one) => [one]), names];
      const run = levels.map((level) => exactly(level.map(escapeRegex)));
      return [path, "-run", run.join("/")];
    },
  },
  pytest: {
    id: "FILE::test, or dotted",
    prints: "FILE::test...",
    isTested: true,
    target: pytestTarget,
    isPlain: true,
    words: (names) => [...names],
    fileWords: (path) => [`@${path}`],
  },
  unittest: {
    id: "module.Class.test",
    prints: "module.Class.test...",
    isTested: true,
    target: (id) => DOTTED.test(id) ? { group: "", name: id } : undefined,
    isPlain: true,
    words: (names) => [...names],
    ...LOAD_LIST,
  },
  stestr: { ...BY_SEARCH, isTested: true },
  testr: { ...BY_SEARCH, isTested: true },
  deno: {
    ...BY_FILE,
    prints: "FILE... --filter '/^(a|b)$/'",
    isTested: true,
    target: (id, isFile) =>
      id.includes("\n") ? undefined : fileAndName(id, isFile),
    words: (names, files) => [
      ...files.map(asPath),
      "--filter",
      `/${exactly(names.map(escapeRegex))}/`,
    ],
  },
  node: {
    ...BY_FILE,
    prints: "--test-name-pattern='^(a|b)$' FILE...",
    also: "for Node 22 and later; subtests run with their test",
    isTested: true,
    words: (names, files) => [
      `--test-name-pattern=${exactly(names.map(titleRegex))}`,
      ...files.map(asPath),
    ],
  },
  node20: {
    ...BY_FILE,
    prints: "the same, by the last name alone",
    also: "tests of the same name in the file",
    isTested: true,
    words: (names, files) => [
      `--test-name-pattern=${exactly(names.map(lastTitleRegex))}`,
      ...files.map(asPath),
    ],
  },
  jest: {
    ...BY_FILE,
    prints: "--runTestsByPath FILE... -t '^(a|b)$'",
    also: "names that differ in case only",
    isTested: true,
    words: (names, files) => [
      "--runTestsByPath",
      ...files.map(asPath),
      "-t",
      exactly(names.map(titleRegex)),
    ],
  },
  vitest: {
    ...BY_FILE,
    prints: "FILE... -t '^(a|b)$'",
    also: "files whose paths contain FILE",
    isTested: true,
    words: (names, files) => [
      ...files.map(asPath),
      "-t",
      exactly(names.map(titleRegex)),
    ],
  },
  playwright: {
    id: "FILE:LINE, FILE › NAME",
    prints: "'/FILE$:LINE'..., or -g 'FILE NAME'",
    also: "another test, where lines have moved",
    isTested: true,
    target: playwrightTarget,
    words(names, [group]) {
      if (group === "line") {
        return names.map((name) => {
          const at = name.lastIndexOf(":");
          return `/${escapeRegex(name.slice(0, at))}$${name.slice(at)}`;
        });
      }
      const titles = names.map(titleRegex).join("|");
      return ["-g", `(?:^| )(?:${titles})(?:$| @)`];
    },
  },
  cargo: {
    id: "crate::mod::test",
    prints: "-p CRATE -- --exact mod::test...",
    isTested: true,
    target: rustTarget,
    words: cargoWords,
  },
  nextest: {
    id: "crate::mod::test",
    prints: "-E '(package(=crate) & test(=mod::test)) + ...'",
    isTested: false,
    target: nextestTarget,
    words: (names) => ["-E", names.join(" + ")],
  },
  ctest: {
    id: "any",
    prints: "-R '^(a|b)$'",
    isTested: true,
    target: (name) => name.includes("\n") ? undefined : { group: "", name },
    spellings: ctestSpellings,
    words: (names) => [
      "-R",
      exactly(names.flatMap(ctestSpellings).map(escapeRegex)),
    ],
    fileWords: (path) => ["--tests-from-file", path],
  },
} as const satisfies Readonly<Record<string, Runner>>;

/** The values of `--as`. */
export const RUNNER_NAMES: readonly (keyof typeof RUNNERS)[] = Object.keys(
  RUNNERS,
) as (keyof typeof RUNNERS)[];

/** The table of runners, for `--help`. */
export function describeRunners(): string {
  return Object.entries<Runner>(RUNNERS).map(
    ([name, { id, prints, also, isTested }]) => {
      const remarks = [...also ? [also] : [], ...isTested ? [] : ["untested"]];
      const row = `  ${name.padEnd(10)}  ${id.padEnd(22)}  ${prints}`;
      if (remarks.length === 0) return row;
      return `${row}\n${" ".repeat(38)}(${remarks.join("; ")})`;
    },
  ).join("\n");
}
