/**
 * Where in a project's sources a test failed, from its traceback.
 *
 * @module
 */

import { type Frame, SOURCE } from "./frame.ts";
import { framesIn, readLines } from "./grammars.ts";

/** A place in a file of the project. */
export interface SourcePlace {
  /** Relative to the project's root, "/" between its parts. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What is known of the project. */
export interface Project {
  /** Its directory: an absolute path. */
  readonly root: string;
  /**
   * The directory its tests ran in, an absolute path. Relative paths are resolved
   * against it first, then against the root. Default: the root.
   */
  readonly workingDirectory?: string;
  /** Whether there is a file at a path relative to the root. */
  exists(path: string): boolean;
}

/** Directories of library code. */
const LIBRARY =
  /(^|\/)(site-packages|dist-packages|node_modules|vendor|\.(venv|tox|nox|cargo|rustup|gradle|m2))\//;

/** JVM packages of library code. */
const JVM_LIBRARY =
  /^(java|javax|jdk|sun|com\.sun|kotlin|scala|groovy|clojure|junit|org\.(junit|opentest4j|hamcrest|assertj|mockito|testng|apache\.maven|gradle))\./;

/** Source roots of JVM packages. */
const JVM_ROOTS = ["", "src", "test", "tests"].concat(
  ["java", "kotlin", "scala", "groovy"].flatMap((language) => [
    `src/test/${language}`,
    `src/main/${language}`,
  ]),
);

/** What is known of the test that failed. */
export interface FailedTest {
  /** Go's contains the package, ESLint's is the file. */
  readonly testId: string;
  /** With JUnit's suites, as `suite:NAME`. ESLint's suites are named after files. */
  readonly tags?: readonly string[];
}

/**
 * The innermost frame of a traceback that is in the project: the first whose file
 * exists, or else the first whose file could exist. Undefined without one.
 *
 * Reads frames of all languages in `grammar/`, and places as compilers write
 * them: `src/shop.c:12`.
 */
export function findPlace(
  text: string,
  test: FailedTest,
  project: Project,
): SourcePlace | undefined {
  let guess: SourcePlace | undefined;
  for (const frame of framesIn(text, subjectsOf(test))) {
    const { line } = frame;
    let likeliest: string | undefined;
    for (const { path, isGuess } of pathsOf(frame, test.testId, project)) {
      if (project.exists(path)) return { path, line };
      if (isGuess) likeliest ??= path;
    }
    if (likeliest !== undefined) guess ??= { path: likeliest, line };
  }
  return guess;
}

/**
 * Which lines of a text are frames, and whether their files are in the project:
 * they exist there, or could.
 *
 * @param lines without colors
 * @returns for each line: undefined if it is no frame
 */
export function ownFrames(
  lines: readonly string[],
  test: FailedTest,
  project: Project,
): (boolean | undefined)[] {
  return readLines(lines, subjectsOf(test)).map(({ frame }) => {
    if (frame === undefined || frame.line === 0) return undefined;
    for (const { path, isGuess } of pathsOf(frame, test.testId, project)) {
      if (isGuess || project.exists(path)) return true;
    }
    return false;
  });
}

const FILE_NAME = new RegExp(`^(?:test \\d+ - )?(?<file>\\S.*\\.${SOURCE})$`);

/** Files that a test is about: those that its suites or its id name. */
function subjectsOf({ testId, tags = [] }: FailedTest): string[] {
  const suites = tags.filter((tag) => tag.startsWith("suite:"))
    .map((tag) => tag.slice("suite:".length));
  return [...suites, testId]
    .map((name) => FILE_NAME.exec(name)?.groups?.file)
    .filter((file) => file !== undefined);
}

/** A path in the project where the file of a frame may be. */
interface Candidate {
  readonly path: string;
  /** Whether to report it when no candidate exists. */
  readonly isGuess: boolean;
}

/**
 * Where in the project the file of a frame may be, the likeliest first. Empty for
 * library code.
 */
function* pathsOf(
  { files, method }: Frame,
  testId: string,
  { root, workingDirectory = root }: Project,
): Generator<Candidate> {
  const bases = new Set([plainPath(workingDirectory), plainPath(root)]);
  for (const [index, file] of files.entries()) {
    const plain = plainPath(file);
    const names = method !== undefined
      ? jvmPaths(method, plain)
      : plain.endsWith(".go") && !isAbsolute(plain)
      ? goPaths(plain, testId)
      : [plain];
    // "node:internal", "https://example.com"; but file names may have colons.
    const isUrl = /^(?![A-Za-z]:\/)[A-Za-z][\w+.-]*:/.test(plain);
    const isLast = index === files.length - 1;
    for (const base of bases) {
      for (const name of names) {
        const path = pathInProject(name, base, root);
        const isGuess = isLast && !isUrl && name === names.at(-1);
        if (path !== undefined) yield { path, isGuess };
      }
    }
  }
}

/** `com.example.Shop.total` in `Shop.java` is `com/example/Shop.java`. */
function jvmPaths(method: string, file: string): string[] {
  if (JVM_LIBRARY.test(method)) return [];
  const directory = method.split(".").slice(0, -2);
  const path = [...directory, file].join("/");
  return [
    ...JVM_ROOTS.map((root) => root === "" ? path : `${root}/${path}`),
    path,
  ];
}

/**
 * Go's tests print the name of a file in their package; a trimmed stack has the
 * module's name before the path. The module may start at any directory of it.
 */
function goPaths(path: string, testId: string): string[] {
  const [, inPackage] =
    /^(\S*?)\.(?:Test|Benchmark|Example|Fuzz)/.exec(testId) ?? [];
  const parts = path.replace(/^(?:\.\/)+/, "").split("/");
  if (parts.length === 1 && inPackage !== undefined) {
    parts.unshift(...inPackage.split("/"));
  } else if (parts.length > 1 && !parts[0].includes(".")) {
    return [path];
  }
  return [...parts.map((_, index) => parts.slice(index).join("/")), path];
}

/** A path with "/" between its parts, also from a URL of a file. */
function plainPath(file: string): string {
  let path = file;
  if (file.startsWith("file:")) {
    try {
      path = decodeURIComponent(new URL(file).pathname);
    } catch {
      // It is not a URL.
    }
  }
  return path.replaceAll("\\", "/").replace(/^\/{2,}/, "/");
}

function isAbsolute(path: string): boolean {
  return /^(?:\/|[A-Za-z]:\/)/.test(path);
}

/** A path relative to the root; undefined when it is not below it. */
function pathInProject(
  name: string,
  base: string,
  root: string,
): string | undefined {
  const path = normalPath(isAbsolute(name) ? name : `${base}/${name}`);
  const start = `${normalPath(plainPath(root))}/`.replace(/^\/\/$/, "/");
  if (!path?.startsWith(start)) return undefined;
  const inProject = path.slice(start.length);
  return inProject === "" || LIBRARY.test(inProject) ? undefined : inProject;
}

/** An absolute path without "." and ".."; undefined when it leaves the root. */
function normalPath(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}
