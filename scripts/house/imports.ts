/**
 * `deno task imports`: checks which modules may import which. The rules are those
 * of CONTRIBUTING.md's layout; each message says what to do.
 *
 * @module
 */

/** A source file: its path in the repository, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A violation of a rule. */
export interface Violation {
  readonly path: string;
  /** The problem and its remedy, in one line. */
  readonly message: string;
}

/**
 * The rooms of each package, from the ground up. A file imports from its own
 * room and from rooms on lower floors; rooms on one floor do not import from
 * each other.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["codec/text"],
  ["codec/timestamp"],
  ["codec/event"],
  ["codec/stream_pair"],
  ["codec/v2", "codec/tap", "codec/gojson", "codec/junit", "codec/record"],
  ["codec/results", "codec/control"],
  ["codec/v1"],
  ["codec/streams"],
  ["codec/mod", "codec/_testing"],
  ["kit/runtime", "kit/text", "kit/errors"],
  ["kit/io", "kit/python"],
  ["kit/tool"],
  ["kit/stream"],
  ["traceback", "select", "merge", "capture", "signing"],
  ["report", "history", "faults"],
  ["github", "conform", "serve", "nats"],
  ["executables"],
];

/** What formats of events are made of. */
const EVENTS = [
  "codec/text",
  "codec/timestamp",
  "codec/event",
  "codec/stream_pair",
];

/** Rooms that may import only from the rooms listed. */
const STANDS_ON: Readonly<Record<string, readonly string[]>> = {
  // Other formats are converted to events, without packets.
  "codec/tap": EVENTS,
  "codec/gojson": EVENTS,
  "codec/junit": EVENTS,
  "codec/record": EVENTS,
};

/** Rooms that get files, clocks and streams from their caller, and open none. */
const PURE = ["traceback", "select", "conform"];
const IMPURE = ["kit/runtime", "kit/io"];

/** The script of HTML reports, which runs in browsers. */
const PAGE = "filters/report/html/page/";
/** What it may import: no runtime, and nothing that would make it long. */
const PAGE_STANDS_ON = [
  PAGE,
  "filters/report/html/data.ts",
  "filters/report/html/words.ts",
  "filters/kit/text/",
];

/** The files that may name the runtime's global. */
const KNOWS_RUNTIME =
  /^filters\/kit\/(runtime|io|tool)\/|^filters\/kit\/errors\.ts$|^filters\/serve\/engines\/deno_generation\.ts$/;

/** The room of helpers for the codec's tests. */
const TESTING = "codec/_testing";

/** Returns the room of a file; undefined if the rules do not cover it. */
export function roomOf(path: string): string | undefined {
  const [top, first, second] = path.split("/");
  // A program in Python is imported as text.
  if (!/\.(ts|py)$/.test(path)) return undefined;
  const name = (part: string) => part.replace(/(_test)?\.ts$/, "");
  if (top === "codec") return `codec/${name(first)}`;
  if (top !== "filters") return undefined;
  if (second === undefined) return "executables";
  return first === "kit" ? `kit/${name(second)}` : first;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{}()])\/\/.*$/gm;
const IMPORT =
  /\b(?:import|export)\b[^"'`;]*?\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Returns the modules that a file imports, as it writes them. */
export function importsOf(text: string): string[] {
  return Array.from(
    text.replace(COMMENT, "").matchAll(IMPORT),
    ([, from, bare, dynamic]) => from ?? bare ?? dynamic,
  );
}

/** Returns the path of a relative import, from the root of the repository. */
function resolve(importer: string, specifier: string): string {
  return new URL(specifier, `file:///${importer}`).pathname.slice(1);
}

/** Checks source files against the rules. */
export function violationsIn(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) =>
    messagesFor(source).map((message) => ({ path: source.path, message }))
  );
}

function messagesFor({ path, text }: Source): string[] {
  const room = roomOf(path);
  if (room === undefined) return [];
  const isTest = path.endsWith("_test.ts");
  const imported = importsOf(text);
  const messages = isTest ? [] : [
    ...imported.map((specifier) => importMessage(path, room, specifier)),
    ...globalsIn(path, room, text),
    barrelIn(path, room, text),
  ];
  return [
    ...messages,
    floorOf(room) < 0
      ? `is in a room that has no floor: add "${room}" to FLOORS in scripts/house/imports.ts`
      : undefined,
    ...imported.map((specifier) => executableIn(path, specifier)),
  ].filter((message) => message !== undefined);
}

/** Returns the message about one import, if it violates a rule. */
function importMessage(
  path: string,
  room: string,
  specifier: string,
): string | undefined {
  if (!specifier.startsWith(".")) return packageIn(path, room, specifier);
  const target = resolve(path, specifier);
  const targetRoom = roomOf(target);
  // Refused in tests as well: see below.
  if (targetRoom === "executables") return undefined;
  if (targetRoom === undefined) {
    return `imports ${target}, which is not part of the packages: published code imports only from codec/ and filters/`;
  }
  if (path.startsWith(PAGE) || target.startsWith(PAGE)) {
    return pageImport(path, target);
  }
  if (targetRoom === room) return undefined;
  if (targetRoom === TESTING) {
    return `imports ${target}, which is for tests: move what it needs out of ${TESTING}`;
  }
  if (target.startsWith("codec/") !== path.startsWith("codec/")) {
    return path.startsWith("codec/")
      ? `imports ${target}: the codec must not depend on filters; move what both need down into the codec`
      : `imports ${target} by its path: write "@subunit/codec", and export it there if it is public`;
  }
  if (PURE.includes(room) && IMPURE.includes(targetRoom)) {
    return `imports ${target}: ${room} is pure; let its caller pass the file, clock or stream`;
  }
  const stands = STANDS_ON[room];
  if (stands !== undefined && !stands.includes(targetRoom)) {
    return `imports ${target}: ${room} may import only from ${
      stands.join(", ")
    }`;
  }
  const floor = floorOf(room), targetFloor = floorOf(targetRoom);
  if (targetFloor > floor) {
    return `imports ${target}, which is above it: move what it needs down into ${room} or below, or move this file up`;
  }
  if (targetFloor === floor) {
    return `imports ${target}, a room on the same floor: move what both need to a room below`;
  }
}

/** The page is bundled for browsers: the tool has it as text, in page_bundle.ts. */
function pageImport(path: string, target: string): string | undefined {
  if (!path.startsWith(PAGE)) {
    return `imports ${target}, which runs in browsers: move what both need to ${
      PAGE_STANDS_ON[1]
    } or kit/text`;
  }
  if (PAGE_STANDS_ON.some((allowed) => target.startsWith(allowed))) return;
  return `imports ${target}: the page may import only from ${
    PAGE_STANDS_ON.join(", ")
  }`;
}

/** Returns the message about an import of a package, if it violates a rule. */
function packageIn(
  path: string,
  room: string,
  specifier: string,
): string | undefined {
  if (path.startsWith(PAGE)) {
    return `imports ${specifier}: the page is bundled for browsers; import its own files, and types by way of data.ts`;
  }
  if (room.startsWith("codec/") && specifier.startsWith("node:")) {
    return `imports ${specifier}: the codec runs anywhere; let its caller pass what it needs`;
  }
}

/** Returns messages about the globals that a file names. */
function globalsIn(path: string, room: string, text: string): string[] {
  const code = text.replace(COMMENT, "").replace(/^#!.*/, "");
  const messages: string[] = [];
  if (/(?<![\w.$"'`])Deno\b\s*[.?[]/.test(code) && !KNOWS_RUNTIME.test(path)) {
    messages.push(
      room.startsWith("codec/")
        ? "names Deno: the codec runs anywhere; let its caller pass what it needs"
        : "names Deno: only kit/runtime, kit/io, kit/tool and kit/errors.ts do; use or add a function of kit/io",
    );
  }
  if (PURE.includes(room) && /\b(Date\.now|performance\.now)\b/.test(code)) {
    messages.push(
      `reads a clock: ${room} is pure; let its caller pass the time`,
    );
  }
  return messages;
}

/** Barrels load modules that nobody needs, and each one costs start-up time. */
function barrelIn(
  path: string,
  room: string,
  text: string,
): string | undefined {
  if (room.startsWith("codec/")) return undefined;
  if (/^export \* from /m.test(text)) {
    return `re-exports a whole module (${path}): import what is needed from where it is defined`;
  }
}

/** No file imports an executable, not even a test of a room. */
function executableIn(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = resolve(path, specifier);
  if (roomOf(target) !== "executables") return undefined;
  return `imports the executable ${target}: move what it needs into a room`;
}

/** Yields the source files below a folder of the repository. */
function* sourcesIn(root: URL, folder: string): Generator<Source> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    const path = `${folder}${name}`;
    if (isDirectory) yield* sourcesIn(root, `${path}/`);
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) {
      yield { path, text: Deno.readTextFileSync(new URL(path, root)) };
    }
  }
}

/** Returns the source files that the rules cover. */
export function houseSources(): Source[] {
  const root = new URL("../../", import.meta.url);
  return ["codec/", "filters/"].flatMap((folder) => [
    ...sourcesIn(root, folder),
  ]);
}

if (import.meta.main) {
  const violations = violationsIn(houseSources());
  for (const { path, message } of violations) {
    console.error(`${path} ${message}`);
  }
  Deno.exitCode = violations.length > 0 ? 1 : 0;
}
