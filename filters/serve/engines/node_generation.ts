/**
 * A generation of Node's tests: a process that loads the files of one unit, runs
 * its tests with `node:test` itself, and ends.
 *
 * @module
 */

import type { NodeEventData } from "./node_events.ts";
import type { packetWriter, PlainEvent } from "./packet_writer.ts";
import type { GenerationUnit, unitFiles } from "./unit_files.ts";

/** The reporter that hands over the events of `node:test`. */
export const NODE_REPORTER =
  `export default async function* (events) { for await (const event of events) globalThis[Symbol.for("subunit.event")](event); }`;

/**
 * Runs a unit.
 *
 * `node:test` runs whatever is registered, at once. So the module is replaced
 * while files are loaded: tests at the top of a file are only noted, and those
 * that are wanted are given to the real module afterwards, in the order that was
 * asked for.
 *
 * This uses nothing outside itself: its text is the program.
 */
export async function nodeGeneration(
  makeWriter: typeof packetWriter,
  filesOf: typeof unitFiles,
  process: NodeJS.Process,
): Promise<void> {
  // deno-lint-ignore no-explicit-any
  type Any = any;
  /** A test or suite at the top of a file. */
  interface Definition {
    readonly id: string;
    readonly file: string;
    /** How it is registered: `test`, `describe.skip`. */
    readonly path: readonly string[];
    readonly args: readonly unknown[];
    readonly line?: number;
    readonly column?: number;
  }
  /** The tests of a file. */
  interface Suite {
    readonly tests: Definition[];
    readonly names: Map<string, number>;
    readonly hooks: [kind: string, args: readonly unknown[]][];
    isBroken: boolean;
  }

  const CONTROL_TYPE = "application/x-subunit-control";
  const TEXT_TYPE = "text/plain;charset=utf8";
  const TEST_FILE =
    /^(.*[._-]test|test-.*|test)\.[cm]?(js|ts)$|^(.*[._-]test|test-.*|test)\.(jsx|tsx)$/;
  const SCRIPT = /\.[cm]?(js|ts)$/;
  /** How often the leaf is asked whether to go on. */
  const ASK_MILLISECONDS = 20;
  /** Whoever else reads standard input may have taken the answer. */
  const PATIENCE_MILLISECONDS = 1000;

  const fs = process.getBuiltinModule("node:fs");
  const Module = process.getBuiltinModule("node:module") as Any;
  const { inspect } = process.getBuiltinModule("node:util");
  const { fileURLToPath, pathToFileURL } = process.getBuiltinModule("node:url");
  const real = process.getBuiltinModule("node:test") as Any;
  const { readSync, writeSync, statSync } = fs;
  const exit = process.exit.bind(process);
  const later = setImmediate, soon = setTimeout;
  const wallClock = Date.now.bind(Date);
  const clock = performance.now.bind(performance);
  const cwd = process.cwd();
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  const pause = new Int32Array(new SharedArrayBuffer(4));

  const isTemporary = (error: unknown) =>
    ["EAGAIN", "EINTR"].includes((error as { code: string }).code);
  const writeAll = (fd: number, bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(fd, bytes, at);
      } catch (error) {
        if (!isTemporary(error)) exit(1);
        Atomics.wait(pause, 0, 0, 1);
      }
    }
  };

  /** What has been read from standard input, and is not used yet. */
  let typed = Buffer.alloc(0);
  const readMore = (until = Infinity): boolean => {
    const buffer = Buffer.alloc(64 * 1024);
    while (clock() < until) {
      try {
        const count = readSync(0, buffer);
        typed = Buffer.concat([typed, buffer.subarray(0, count)]);
        return count > 0;
      } catch (error) {
        if ((error as { code: string }).code === "EOF") return false;
        if (!isTemporary(error)) return false;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
    return false;
  };
  const readLine = (until?: number): string | undefined => {
    for (let from = 0;;) {
      const at = typed.indexOf(0x0a, from);
      if (at >= 0) {
        const line = decoder.decode(typed.subarray(0, at));
        typed = typed.subarray(at + 1);
        return line;
      }
      from = typed.length;
      if (!readMore(until)) return undefined;
    }
  };

  const first = readLine();
  if (first === undefined) return exit(0);
  const unit: GenerationUnit = JSON.parse(first);
  const write = makeWriter(unit.secret);
  const mark = encoder.encode(`\0${unit.secret}\n`);
  const emit = (event: PlainEvent) => writeAll(1, write(event));
  const control = (fileName: string, body: unknown) =>
    emit({
      runnable: false,
      fileName,
      text: JSON.stringify(body),
      mimeType: CONTROL_TYPE,
    });

  // Standard input: each read that would wait is announced.
  const ask = () => control("ask", {});
  const stdin = Object.getOwnPropertyDescriptor(process, "stdin")!;
  let wrapped: Any;
  Object.defineProperty(process, "stdin", {
    ...stdin,
    get() {
      const stream = stdin.get!.call(process);
      if (stream !== wrapped) {
        wrapped = stream;
        const read = stream._read;
        stream._read = function (size: number) {
          // A stream that was just read is read ahead, though nobody waits.
          later(() => {
            const isRead = stream.readableFlowing ||
              stream.listenerCount("readable") > 0;
            if (isRead && stream.readableLength === 0) ask();
          });
          return read.call(this, size);
        };
        if (typed.length > 0) stream.unshift(typed);
        typed = Buffer.alloc(0);
      }
      return stream;
    },
  });
  const mutableFs = fs as Any;
  mutableFs.readSync = (fd: number, buffer: Uint8Array, ...rest: unknown[]) => {
    if (fd !== 0) return (readSync as Any)(fd, buffer, ...rest);
    if (typed.length === 0) ask();
    const [place] = rest as [number | { offset?: number; length?: number }];
    const options = typeof place === "object"
      ? place
      : { offset: place, length: rest[1] as number };
    const { offset = 0, length = buffer.byteLength - offset } = options ?? {};
    if (typed.length === 0) {
      readMore();
    }
    const count = Math.min(length, typed.length);
    typed.copy(buffer, offset, 0, count);
    typed = typed.subarray(count);
    return count;
  };
  const { readFileSync } = fs;
  mutableFs.readFileSync = (path: unknown, options: unknown) => {
    if (path !== 0 && path !== "/dev/stdin") {
      return (readFileSync as Any)(path, options);
    }
    ask();
    while (readMore());
    const all = typed;
    typed = Buffer.alloc(0);
    const encoding = typeof options === "string"
      ? options
      : (options as { encoding?: string } | undefined)?.encoding;
    return encoding ? all.toString(encoding as BufferEncoding) : all;
  };
  Module.syncBuiltinESMExports();

  // Registration.
  const suites = new Map<string, Suite>();
  let loading: string | undefined;
  /** The place of the call of a test, two frames up. */
  const placeOfCall = () => {
    const frame = new Error().stack?.split("\n").find((line) =>
      /\(?(file:\/\/)?\/.*:\d+:\d+\)?$/.test(line) && !line.includes("[eval")
    );
    const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame ?? "") ?? [];
    return { line: Number(line) || undefined, column: Number(column) };
  };
  const register = (path: readonly string[], args: readonly unknown[]) => {
    const suite = suites.get(loading!)!, file = loading!;
    const [head] = args;
    const fn = args.find((arg) => typeof arg === "function") as
      | { name: string }
      | undefined;
    const name = typeof head === "string" && head !== ""
      ? head
      : fn?.name || "<anonymous>";
    const shown = name.replaceAll("\0", "\ufffd").toWellFormed();
    const count = (suite.names.get(shown) ?? 0) + 1;
    suite.names.set(shown, count);
    const id = `${file}::${shown}${count > 1 ? ` #${count}` : ""}`;
    suite.tests.push({ id, file, path, args, ...placeOfCall() });
  };
  const pick = (path: readonly string[]) =>
    path.reduce((value, key) => value[key], real);
  /** Stands for a function of the module: notes, or calls it. */
  const stand = (path: readonly string[]): Any => {
    const variants = path.length === 1 ? ["skip", "todo", "only"] : [];
    const call = (...args: unknown[]) => {
      if (loading === undefined) return pick(path)(...args);
      register(path, args);
      return Promise.resolve();
    };
    const made: Any = call;
    for (const name of variants) {
      if (real[path[0]]?.[name]) made[name] = stand([...path, name]);
    }
    if (real[path[0]]?.expectFailure && path.length === 1) {
      made.expectFailure = stand([...path, "expectFailure"]);
    }
    return made;
  };
  const hook = (kind: string) => (...args: unknown[]) => {
    if (loading === undefined) return real[kind](...args);
    suites.get(loading)!.hooks.push([kind, args]);
  };
  const replaced: Any = stand(["test"]);
  Object.assign(replaced, Object.fromEntries(Object.entries(real)), {
    skip: stand(["test", "skip"]),
    todo: stand(["test", "todo"]),
    only: stand(["test", "only"]),
    test: replaced,
    default: replaced,
    it: stand(["it"]),
    describe: stand(["describe"]),
    ...(real.suite ? { suite: stand(["suite"]) } : {}),
    before: hook("before"),
    after: hook("after"),
    beforeEach: hook("beforeEach"),
    afterEach: hook("afterEach"),
  });
  // Getters that are not enumerable, such as `mock`.
  for (
    const [key, property] of Object.entries(
      Object.getOwnPropertyDescriptors(real),
    )
  ) {
    if (!Object.hasOwn(replaced, key)) {
      Object.defineProperty(replaced, key, property as PropertyDescriptor);
    }
  }
  (globalThis as Any)[Symbol.for("subunit.test")] = replaced;
  const names = [...new Set([...Object.keys(replaced), "mock"])]
    .filter((name) => name !== "default" && /^[a-z]\w*$/i.test(name));
  const shim = "data:text/javascript," + encodeURIComponent(
    `const all = globalThis[Symbol.for("subunit.test")]; export default all; export const { ${
      names.join(", ")
    } } = all;`,
  );
  const hooks = `let port;
  export function initialize(data) { port = data.port; }
  export async function resolve(specifier, context, next) {
    if (specifier === "node:test") {
      return { url: ${JSON.stringify(shim)}, shortCircuit: true };
    }
    if (port === undefined) return next(specifier, context);
    const { parentURL } = context;
    try {
      const found = await next(specifier, context);
      port.postMessage([parentURL, found.url]);
      return found;
    } catch (error) {
      // It is watched until it is there.
      if (/^[./]/.test(specifier) && parentURL !== undefined) {
        port.postMessage([parentURL, new URL(specifier, parentURL).href]);
      }
      throw error;
    }
  }`;
  const { MessageChannel, receiveMessageOnPort } = process.getBuiltinModule(
    "node:worker_threads",
  );
  const { port1: imported, port2: port } = new MessageChannel();
  imported.unref();
  Module.register(`data:text/javascript,${encodeURIComponent(hooks)}`, {
    data: unit.isWatched ? { port } : {},
    transferList: unit.isWatched ? [port] : [],
  });
  const sendImport = (parent: string, file: string) => {
    if (/[\\/]node_modules[\\/]/.test(file)) return;
    control("import", { file: short(parent), imported: short(file) });
  };
  const loadModule = Module._load;
  Module._load = function (request: string, parent: Any, ...rest: unknown[]) {
    if (unit.isWatched && typeof parent?.filename === "string") {
      try {
        const file = Module._resolveFilename(request, parent);
        if (file.startsWith("/")) sendImport(parent.filename, file);
      } catch {
        // Loading it says so.
      }
    }
    return request === "node:test"
      ? replaced
      : loadModule.call(this, request, parent, ...rest);
  };

  /** An error's text without the frames of what runs the tests. */
  const withoutOurs = (text: string) =>
    text.replace(
      /\n *at [^\n]*(?:\[eval1\]|\(data:text\/javascript,)[^\n]*?( \{)?(?=\n|$)/g,
      "$1",
    ).replace(/ imported from [^\n]*\[eval1\]/, "");
  /** Reports an error that no test of `node:test` has. */
  const emitError = (testId: string, error: unknown) =>
    emit({
      testId,
      status: "fail",
      runnable: false,
      time: wallClock(),
      fileName: "traceback",
      text: `${withoutOurs(inspect(error))}\n`,
      mimeType: TEXT_TYPE,
    });

  // Loading.
  const changedAt = (file: string): number | undefined =>
    statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  /** The files at a path, in order, as `node --test` finds them. */
  function* filesAt(path: string, isNamed: boolean): Generator<string> {
    const info = statSync(path, { throwIfNoEntry: false });
    if (info === undefined) return;
    if (!info.isDirectory()) {
      if (isNamed || TEST_FILE.test(path.split("/").at(-1)!)) yield path;
      return;
    }
    const isTests = path.split("/").includes("test");
    const names = fs.readdirSync(path).sort();
    if (unit.isWatched) control("folder", { path, names });
    for (const name of names) {
      if (name === "node_modules" || name === ".git") continue;
      const inner = path === "." ? name : `${path.replace(/\/$/, "")}/${name}`;
      yield* filesAt(inner, isTests && SCRIPT.test(name));
    }
  }
  const load = async (file: string): Promise<void> => {
    const suite: Suite = {
      tests: [],
      names: new Map(),
      hooks: [],
      isBroken: false,
    };
    suites.set(file, suite);
    if (unit.isCareful) control("loading", { file });
    loading = file;
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      suite.isBroken = true;
      suite.tests.length = 0;
      emitError(`${file}::(load)`, error);
    }
    loading = undefined;
  };

  // Events.
  /** What of an error can be written as JSON. */
  const plain = (value: unknown, depth = 8): unknown => {
    if (value === null || typeof value !== "object") {
      return typeof value === "bigint" || typeof value === "symbol" ||
          typeof value === "function"
        ? inspect(value)
        : value;
    }
    const { message, stack } = value as Error;
    const isError = value instanceof Error || typeof stack === "string";
    if (!isError || depth === 0) return inspect(value);
    const fields: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[key];
      fields[key] = typeof field === "object" && field !== null &&
          key !== "cause" && key !== "errors"
        ? inspect(field)
        : plain(field, depth - 1);
    }
    const { cause, errors, name } = value as AggregateError;
    if (cause !== undefined) fields.cause = plain(cause, depth - 1);
    if (Array.isArray(errors)) {
      fields.errors = errors.slice(0, 10).map((one) => plain(one, depth - 1));
    }
    return {
      ...fields,
      name,
      message,
      stack: withoutOurs(String(stack ?? "")),
    };
  };
  /** The test at the top that runs; others wait for its result. */
  let running: Definition | undefined;
  let onResult = () => {};
  const send = (type: string, data: NodeEventData) =>
    control("node", { type, data });
  /** What the events of a test at the top have in common. */
  const fieldsOf = ({ id, file, line, column }: Definition) => ({
    name: id.slice(file.length + 2),
    nesting: 0,
    file,
    line,
    column,
  });
  const begin = (definition: Definition) => {
    running = definition;
    writeAll(2, mark);
    send("test:dequeue", fieldsOf(definition));
  };
  const end = () => {
    control("end", {});
    exit(0);
  };
  // Before the handler of `node:test`, which would cancel all other tests.
  process.on("beforeExit", () => {
    if (running === undefined) return;
    writeAll(2, mark);
    const message =
      "Promise resolution is still pending but the event loop has already resolved";
    const code = "ERR_TEST_FAILURE", failureType = "cancelledByParent";
    const error = { code, failureType, message };
    send("test:fail", { ...fieldsOf(running), details: { error } });
    send("pause", {});
    end();
  });
  (globalThis as Any)[Symbol.for("subunit.event")] = (
    { type, data }: { type: string; data: NodeEventData },
  ) => {
    const { nesting = 0, details } = data;
    // The test of a file that is around its tests, and the tests' beginnings,
    // which have been written: these events come later than what they are about.
    const hasBegun = type === "test:enqueue" || type === "test:dequeue";
    if (running === undefined || nesting === 0) return;
    if (nesting === 1 && (hasBegun || type === "test:plan")) return;
    const isResult = nesting === 1 &&
      (type === "test:pass" || type === "test:fail");
    if (isResult) writeAll(2, mark);
    send(type, {
      ...data,
      nesting: nesting - 1,
      ...(nesting === 1 ? fieldsOf(running) : { file: running.file }),
      details: details === undefined
        ? undefined
        : { ...details, error: plain(details.error) },
      expectFailure: data.expectFailure === undefined
        ? undefined
        : plain(data.expectFailure),
    });
    if (isResult) onResult();
  };

  const { names: wanted } = unit;
  const { short, files, fileOf, isListed } = filesOf(
    unit,
    cwd,
    // One that is not there does not load.
    (path) => changedAt(path) === undefined ? [path] : filesAt(path, true),
  );
  for (const file of files) {
    if (unit.isWatched) control("source", { file });
    const isThere = changedAt(file) !== undefined;
    // The tests of one that has been removed are unknown.
    if (isThere || wanted === undefined || unit.kind === "list") {
      await load(file);
    }
  }
  for (let got; unit.isWatched && (got = receiveMessageOnPort(imported));) {
    const [parent, url] = got.message as [string | undefined, string];
    if (!parent?.startsWith("file:") || !url.startsWith("file:")) continue;
    sendImport(fileURLToPath(parent), fileURLToPath(url));
  }
  const all = [...suites.values()].flatMap(({ tests }) => tests);
  if (unit.kind === "list") {
    control("loaded", {});
    for (const { id } of all) {
      if (isListed(id)) emit({ testId: id, status: "exists" });
    }
    return end();
  }
  const byId = new Map(all.map((one) => [one.id, one]));
  const ids = wanted ?? [...byId.keys()];
  // As many as fit in a packet.
  for (let at = 0; wanted === undefined && at < ids.length; at += 1000) {
    control("ids", { ids: ids.slice(at, at + 1000) });
  }
  control("loaded", {});
  /** Tests of one file, one behind the other. */
  const groups: Definition[][] = [];
  for (const id of ids) {
    const definition = byId.get(id);
    if (definition === undefined) {
      const isBroken = suites.get(fileOf(id))?.isBroken;
      for (
        const event of [
          { status: "inprogress" },
          {
            status: "fail",
            tags: [isBroken ? "lost" : "unknown"],
            fileName: "worker",
            text: isBroken ? "its file was not loaded\n" : "no such test\n",
            mimeType: TEXT_TYPE,
          },
        ] as PlainEvent[]
      ) {
        writeAll(2, mark);
        emit({ testId: id, time: wallClock(), ...event });
      }
      continue;
    }
    const last = groups.at(-1);
    if (last?.[0].file === definition.file) last.push(definition);
    else groups.push([definition]);
  }
  if (groups.length === 0) return end();
  let askedAt = clock(), isStopped = false;
  const mayGoOn = () => {
    if (isStopped || clock() - askedAt < ASK_MILLISECONDS) return !isStopped;
    control("next", {});
    const until = clock() + PATIENCE_MILLISECONDS;
    let line: string | undefined;
    do line = readLine(until); while (
      line !== undefined && !line.endsWith(unit.secret)
    );
    isStopped = line?.endsWith(`\0stop ${unit.secret}`) ?? false;
    askedAt = clock();
    return !isStopped;
  };
  /**
   * Reports errors of what tests have left behind. `node:test`, whose handlers are
   * there with its first test, blames nobody then, but sets the exit code.
   */
  let isHearing = false;
  const hearLateErrors = () => {
    if (isHearing) return;
    isHearing = true;
    for (const kind of ["uncaughtException", "unhandledRejection"] as Any[]) {
      process.prependListener(kind, () => process.exitCode = undefined);
      process.on(kind, (error: unknown) => {
        if (process.exitCode === undefined) return;
        emitError("(unit)::(uncaught)", error);
      });
    }
  };
  for (const tests of groups) {
    const { file } = tests[0];
    // The hooks of a file are those of the test around its tests.
    await real.test(file, async () => {
      hearLateErrors();
      for (const [kind, args] of suites.get(file)!.hooks) real[kind](...args);
      for (const definition of tests) {
        if (!mayGoOn()) break;
        const result = new Promise<void>((resolve) => onResult = resolve);
        begin(definition);
        await pick(definition.path)(...definition.args);
        await result;
        // Its diagnostics come after its result.
        await new Promise<void>((resolve) => later(resolve));
        send("pause", {});
      }
    });
  }
  // What the last tests left behind, and nobody awaits, may fail only now.
  await new Promise<void>((resolve) => soon(resolve, 0));
  end();
}
