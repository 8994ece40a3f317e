/**
 * Where in a project's sources a test failed, as its traceback tells.
 *
 * @module
 */

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
  /** Says whether there is a file at a path relative to the root. */
  exists(path: string): boolean;
}

/** One frame of a traceback: how it names a file, and the line. */
interface Frame {
  readonly file: string;
  readonly line: number;
  /** The class and method of a frame of the JVM. */
  readonly method?: string;
}

/** How frames look in some languages. */
interface Shape {
  /** Matches a line; its groups are those of {@linkcode Frame}. */
  readonly pattern: RegExp;
  /** Puts lines in order, that with the innermost frame first. */
  readonly order?: (readings: readonly Reading[]) => Reading[];
}

/** A line of a traceback, and what it is read as. */
interface Reading {
  readonly text: string;
  readonly shape?: Shape;
  readonly frame?: Frame;
}

/** Ends of the names of files with source code. */
const SOURCE = "(?:" +
  "[chm]|cc|cpp|cxx|c\\+\\+|hh|hpp|hxx|mm|cu|py|pyx|rs|go|zig|nim|d|" +
  "[cm]?[jt]sx?|vue|svelte|java|kts?|scala|groovy|clj|cs|fs|vb|swift|dart|" +
  "rb|php|p[lm]|t|lua|r|jl|exs?|erl|l?hs|mli?|sh|bash|bats|sql" +
  ")";

/** Shapes of frames; what only one language prints comes first. */
const SHAPES: readonly Shape[] = [
  // Python, and pytest, print the innermost frame last.
  {
    pattern: /^\s*File "(?<file>[^"<>]+)", line (?<line>\d+)/,
    order: (readings) => readings.toReversed(),
  },
  {
    pattern: /^(?<file>[^\s:"<>]+\.py):(?<line>\d+): /,
    order: (readings) => readings.toReversed(),
  },
  // Rust names the caller that is at fault, which may not be the innermost.
  { pattern: /\bpanicked at (?:.*, )?(?<file>[^\s:,]+\.rs):(?<line>\d+):/ },
  // The JVM prints causes last: what was thrown first.
  {
    pattern:
      /^\s*at (?:[\w.@-]*\/)*(?<method>[\w$.<>-]+)\((?<file>[\w$-]+\.\w+):(?<line>\d+)\)/,
    order: lastCauseFirst,
  },
  // V8, and the backtraces of Rust.
  {
    pattern:
      /^\s*at (?:async )?(?:.*\()?(?<file>[^()]+):(?<line>\d+):\d+\)?(?: \{)?$/,
  },
  // V8's in the reports of Node, which leaves "at" out.
  { pattern: /^\s*\S.* \((?<file>[^()]+):(?<line>\d+):\d+\)$/ },
  // Stacks of Go; trimmed, the paths of its library begin without a dot.
  {
    pattern:
      /^\s+(?<file>(?:\/|[^\s/]+[.:][^\s/]*\/)\S+\.go):(?<line>\d+)(?: \+0x[\da-f]+)?$/,
  },
  // Perl.
  { pattern: /\bat (?<file>\S+\.(?:t|p[lm])) line (?<line>\d+)\b/ },
  // What compilers print, and so the others.
  {
    pattern: new RegExp(
      `(?<![\\w@.+/\\\\~-])(?<file>(?:[A-Za-z]:[/\\\\])?[\\w@.+/\\\\~-]+\\.${SOURCE})[:(](?<line>\\d+)\\b`,
    ),
  },
];

/** The lines of a traceback, those of its last cause first. */
function lastCauseFirst(readings: readonly Reading[]): Reading[] {
  const causes: Reading[][] = [[]];
  for (const reading of readings) {
    if (/^\s*Caused by: /.test(reading.text)) causes.push([]);
    causes.at(-1)!.push(reading);
  }
  return causes.reverse().flat();
}

/** What is behind is no frame: longer lines cost time. */
const MAX_LINE_CHARACTERS = 400;
const MAX_LINE_NUMBER = 2 ** 31 - 1;

/** Directories with the code of others. */
const LIBRARY =
  /(^|\/)(site-packages|dist-packages|node_modules|vendor|\.(venv|tox|nox|cargo|rustup|gradle|m2))\//;

/** Packages of the JVM with the code of others. */
const JVM_LIBRARY =
  /^(java|javax|jdk|sun|com\.sun|kotlin|scala|groovy|clojure|junit|org\.(junit|opentest4j|hamcrest|assertj|mockito|testng|apache\.maven|gradle))\./;

/** Directories that hold the packages of the JVM. */
const JVM_ROOTS = ["", "src", "test", "tests"].concat(
  ["java", "kotlin", "scala", "groovy"].flatMap((language) => [
    `src/test/${language}`,
    `src/main/${language}`,
  ]),
);

/**
 * The innermost frame of a traceback that lies in the project: one whose file
 * is there, or, when none is, one whose file may be. Undefined without one.
 *
 * Reads the tracebacks of Python, Rust, the JVM, V8, Go and Perl, and what is
 * written as compilers write it: `src/shop.c:12`, as C's `assert`, Check,
 * GoogleTest and Go's tests do.
 *
 * @param testId of the test that failed: Go's has the package in it
 */
export function findPlace(
  text: string,
  testId: string,
  project: Project,
): SourcePlace | undefined {
  const lines = text.split(/\r?\n|\r/)
    .map((line) => line.slice(0, MAX_LINE_CHARACTERS));
  let guess: SourcePlace | undefined;
  for (const frame of framesIn(lines)) {
    const { line } = frame;
    const paths = pathsOf(frame, testId, project.root);
    const path = paths.find((path) => project.exists(path));
    if (path !== undefined) return { path, line };
    if (paths.length > 0) guess ??= { path: paths.at(-1)!, line };
  }
  return guess;
}

/** The frames among lines, as each shape orders them. */
function* framesIn(lines: readonly string[]): Generator<Frame> {
  const readings = lines.map(read);
  for (const shape of SHAPES) {
    if (!readings.some((reading) => reading.shape === shape)) continue;
    for (const reading of shape.order?.(readings) ?? readings) {
      if (reading.shape === shape) yield reading.frame!;
    }
  }
}

/** Reads a line by the first shape it has. */
function read(text: string): Reading {
  for (const shape of SHAPES) {
    const groups = shape.pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const { file, method } = groups;
    const line = Number(groups.line);
    if (line < 1 || line > MAX_LINE_NUMBER) break;
    return { text, shape, frame: { file, line, method } };
  }
  return { text };
}

/**
 * Where in the project the file of a frame may be, the likeliest first; the
 * last is what to say when it is at none of them. Empty for the code of others.
 */
function pathsOf(
  { file, method }: Frame,
  testId: string,
  root: string,
): string[] {
  const path = pathInProject(file, root);
  if (path === undefined) return [];
  const paths = method !== undefined
    ? jvmPaths(method, path)
    : path.endsWith(".go") && !plainPath(file).startsWith("/")
    ? goPaths(path, testId)
    : [path];
  // Names of classes and tests are the stream's: they lead nowhere else.
  return paths.filter((path) => pathInProject(path, root) === path);
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
 * Go's tests print the name of a file in their package, and a trimmed stack
 * the module's name before the path. The module may begin anywhere in that.
 */
function goPaths(path: string, testId: string): string[] {
  const [, inPackage] =
    /^(\S*?)\.(?:Test|Benchmark|Example|Fuzz)/.exec(testId) ?? [];
  const parts = path.split("/");
  if (parts.length === 1 && inPackage !== undefined) {
    parts.unshift(...inPackage.split("/"));
  } else if (parts.length > 1 && !parts[0].includes(".")) {
    return [path];
  }
  return [...parts.map((_, index) => parts.slice(index).join("/")), path];
}

/** A path in the form of the project's own; URLs of files are paths. */
function plainPath(file: string): string {
  let path = file;
  if (file.startsWith("file:")) {
    try {
      path = decodeURIComponent(new URL(file).pathname);
    } catch {
      // What is no URL is no path either.
    }
  }
  return path.replaceAll("\\", "/").replace(/^\/{2,}/, "/");
}

/** A path relative to the root; undefined when it does not lie under it. */
function pathInProject(file: string, root: string): string | undefined {
  let path = plainPath(file);
  const start = `${plainPath(root).replace(/\/$/, "")}/`;
  if (path.startsWith(start)) path = path.slice(start.length);
  // "node:internal", "C:/elsewhere".
  if (/^(\/|[A-Za-z][\w+.-]*:)/.test(path)) return undefined;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  const plain = parts.join("/");
  return plain === "" || LIBRARY.test(plain) ? undefined : plain;
}
