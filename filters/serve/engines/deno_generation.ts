/**
 * A generation of Deno's tests: a process that loads the files of one unit, runs
 * its tests and ends.
 *
 * @module
 */

import type { piecesOf } from "../../kit/io/stdout.ts";
import type { packetWriter, PlainEvent } from "./packet_writer.ts";
import type { GenerationUnit, unitFiles } from "./unit_files.ts";

/** The line of JSON that a generation of Deno reads first. */
export interface DenoUnit extends GenerationUnit {
  /** Whether tests may read files, apart from loading them. */
  readonly mayRead: boolean;
}

/**
 * Runs a unit.
 *
 * This uses nothing outside itself: its text is the program.
 */
export async function denoGeneration(
  makeWriter: typeof packetWriter,
  pieces: typeof piecesOf,
  filesOf: typeof unitFiles,
): Promise<void> {
  type Definition = Deno.TestDefinition & { file: string; id: string };
  type Hook = () => void | Promise<void>;
  type Body = (t: Deno.TestContext) => void | Promise<void>;
  /** The tests of a file. */
  interface Suite {
    readonly tests: Definition[];
    readonly names: Map<string, number>;
    readonly hooks: Record<
      "beforeAll" | "beforeEach" | "afterEach" | "afterAll",
      Hook[]
    >;
    readonly changed: number | undefined;
    hasBegun: boolean;
    failure?: { readonly error: unknown };
    /** How many tests are still to run. */
    left: number;
  }
  /** What runs, for errors that nobody catches. */
  interface Current {
    readonly sanitizesExit: boolean;
    fail(error: unknown): void;
  }

  /** Steps of a test failed, and have said why. */
  class StepsFailed extends Error {}

  const CONTROL_TYPE = "application/x-subunit-control";
  const TEXT_TYPE = "text/plain;charset=utf8";
  const TEST_FILE = /^(.*[_.])?test\.(ts|tsx|mts|js|mjs|jsx)$/;
  const SCRIPT = /\.(ts|tsx|mts|js|mjs|jsx)$/;
  /** How often the leaf is asked whether to go on. */
  const ASK_MILLISECONDS = 20;

  const { stdin, stdout, stderr } = Deno;
  const exit = Deno.exit.bind(Deno);
  const stat = Deno.statSync.bind(Deno);
  const setTimer = setTimeout, clearTimer = clearTimeout;
  const clock = performance.now.bind(performance);
  const wallClock = Date.now.bind(Date);
  const { BrokenPipe, Interrupted, WouldBlock } = Deno.errors;
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  const cwd = Deno.cwd();

  /** What has been read from standard input, and is not used yet. */
  let typed = new Uint8Array(0);

  const writeAll = (stream: typeof stdout, bytes: Uint8Array) => {
    const all = pieces(bytes, 4096);
    for (let next = all.next(); !next.done;) {
      let count: number | undefined;
      try {
        count = stream.writeSync(next.value);
      } catch (error) {
        if (error instanceof BrokenPipe) exit(1);
        const isTemporary = error instanceof Interrupted ||
          error instanceof WouldBlock;
        if (!isTemporary) throw error;
      }
      next = all.next(count);
    }
  };

  const readMore = (): boolean => {
    const buffer = new Uint8Array(64 * 1024);
    const count = stdin.readSync(buffer);
    if (count === null) return false;
    const both = new Uint8Array(typed.length + count);
    both.set(typed);
    both.set(buffer.subarray(0, count), typed.length);
    typed = both;
    return true;
  };

  /** Takes a line from what has been typed; undefined at the end. */
  const readLine = (): string | undefined => {
    for (let from = 0;;) {
      const at = typed.indexOf(0x0a, from);
      if (at >= 0) {
        const line = decoder.decode(typed.subarray(0, at));
        typed = typed.slice(at + 1);
        return line;
      }
      from = typed.length;
      if (!readMore()) return undefined;
    }
  };

  const first = readLine();
  if (first === undefined) exit(0);
  const unit: DenoUnit = JSON.parse(first!);
  const write = makeWriter(unit.secret);
  const mark = encoder.encode(`\0${unit.secret}\n`);

  const emit = (event: PlainEvent) => writeAll(stdout, write(event));
  /** Emits the beginning or the end of a test. */
  const emitEnd = (event: PlainEvent) => {
    writeAll(stderr, mark);
    emit({ time: wallClock(), ...event });
  };
  const control = (fileName: string, body: unknown) =>
    emit({
      runnable: false,
      fileName,
      text: JSON.stringify(body),
      mimeType: CONTROL_TYPE,
    });
  const traceback = (error: unknown) => {
    const text = error instanceof StepsFailed
      ? error.message
      : error instanceof Error
      ? Deno.inspect(error, { colors: false })
      : `Uncaught ${Deno.inspect(error, { colors: false })}`;
    // The fields of an error are in braces, which begin behind the last frame.
    const shown = text.replace(
      /\n *at [^\n]*(?:data:application\/typescript|ext:)[^\n]*?( \{)?(?=\n|$)/g,
      "$1",
    );
    return {
      fileName: "traceback",
      text: `${shown}\n`,
      mimeType: TEXT_TYPE,
    };
  };

  const suites = new Map<string, Suite>();
  let loading: string | undefined;
  let current: Current | undefined;
  /** Whether an error came that belongs to no moment: nothing more is run. */
  let isPoisoned = false;

  const takeLate = (error: unknown) => {
    isPoisoned = true;
    if (current !== undefined) return current.fail(error);
    emit({
      testId: `${loading ?? "(unit)"}::${loading ? "(load)" : "(uncaught)"}`,
      status: "fail",
      runnable: false,
      time: wallClock(),
      ...traceback(error),
    });
  };
  addEventListener("error", (event) => {
    event.preventDefault();
    takeLate(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    takeLate(event.reason);
  });
  // Nothing is left that the test could wait for.
  addEventListener("beforeunload", (event) => {
    if (current === undefined) return;
    event.preventDefault();
    current.fail(
      new Error(
        "Promise resolution is still pending but the event loop has already resolved",
      ),
    );
  });

  // Registration.
  const read = (args: readonly unknown[]): Deno.TestDefinition => {
    const [a, b, c] = args as [
      string | Body | Partial<Deno.TestDefinition>,
      Body | Partial<Deno.TestDefinition> | undefined,
      Body | undefined,
    ];
    let definition: Partial<Deno.TestDefinition>;
    if (typeof a === "string") {
      definition = typeof b === "function"
        ? { fn: b, name: a }
        : { ...b, fn: c, name: a };
    } else if (typeof a === "function") {
      definition = { fn: a, name: a.name };
    } else {
      const fn = typeof b === "function" ? b : a.fn;
      definition = { ...a, fn, name: a.name ?? fn?.name };
    }
    if (typeof definition.fn !== "function") {
      throw new TypeError("Missing test function");
    }
    if (!definition.name) throw new TypeError("The test name can't be empty");
    return definition as Deno.TestDefinition;
  };
  const suiteNow = (): Suite => {
    if (loading === undefined) {
      throw new Error("Nested Deno.test() calls are not supported");
    }
    return suites.get(loading)!;
  };
  const register = (
    args: readonly unknown[],
    more: Partial<Deno.TestDefinition> = {},
  ) => {
    const suite = suiteNow(), file = loading!;
    const definition = { ...read(args), ...more };
    const name = definition.name.replaceAll("\0", "\ufffd").toWellFormed();
    const count = (suite.names.get(name) ?? 0) + 1;
    suite.names.set(name, count);
    const id = `${file}::${name}${count > 1 ? ` #${count}` : ""}`;
    suite.tests.push({ ...definition, file, id });
  };
  const form = (more: Partial<Deno.TestDefinition> = {}) => {
    const each = (cases: readonly unknown[]) => (...args: unknown[]) => {
      const fn = args.at(-1) as (...args: unknown[]) => void | Promise<void>;
      const [name] = args as [string];
      cases.forEach((one, index) => {
        const values = Array.isArray(one) ? one : [one];
        const title = titleOf(name, values, index);
        const body: Body = (t) => Array.isArray(one) ? fn(...one) : fn(one, t);
        register([title, ...args.slice(1, -1), body], more);
      });
    };
    return Object.assign((...args: unknown[]) => register(args, more), {
      each,
    });
  };
  /** Fills in a title as `Deno.test.each` does: printf, $0, $name and $#. */
  const titleOf = (title: string, values: unknown[], index: number) => {
    const rest = [...values];
    const shown = (value: unknown) =>
      typeof value === "string" ? value : Deno.inspect(value);
    return title.replaceAll("%#", String(index)).replace(
      /%([sdifjoOp%])/g,
      (all, letter) => {
        if (letter === "%") return "%";
        if (rest.length === 0) return all;
        const value = rest.shift();
        if (letter === "s") return String(value);
        if (letter === "d" || letter === "f") return String(Number(value));
        if (letter === "i") return String(parseInt(String(value)));
        if (letter === "j") return JSON.stringify(value);
        return Deno.inspect(value);
      },
    ).replace(/\$([\w.]+)/g, (all, path) => {
      let value: unknown = values.length === 1 ? values[0] : values;
      for (const key of path.split(".")) {
        value = (value as Record<string, unknown> | undefined)?.[key];
      }
      return value === undefined ? all : shown(value);
    });
  };
  const hook = (kind: keyof Suite["hooks"]) => (fn: Hook) => {
    suiteNow().hooks[kind].push(fn);
  };
  const test = Object.assign(form(), {
    ignore: form({ ignore: true }),
    only: form({ only: true }),
    beforeAll: hook("beforeAll"),
    beforeEach: hook("beforeEach"),
    afterEach: hook("afterEach"),
    afterAll: hook("afterAll"),
    sanitizer() {},
  });
  const replace = (name: string, value: unknown) =>
    Object.defineProperty(Deno, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  replace("test", test);
  replace("exit", (code?: number): never => {
    if (current?.sanitizesExit) {
      throw new Error(
        `Test case attempted to exit with exit code: ${code ?? Deno.exitCode}`,
      );
    }
    return exit(code);
  });

  // Standard input: each read that would wait is announced.
  const ask = () => {
    if (typed.length === 0) control("ask", {});
  };
  const takeTyped = (buffer: Uint8Array): number => {
    const count = Math.min(buffer.length, typed.length);
    buffer.set(typed.subarray(0, count));
    typed = typed.slice(count);
    return count;
  };
  const asking = Object.create(stdin, {
    readSync: {
      value(buffer: Uint8Array) {
        if (typed.length > 0) return takeTyped(buffer);
        ask();
        return stdin.readSync(buffer);
      },
    },
    read: {
      async value(buffer: Uint8Array) {
        if (typed.length > 0) return takeTyped(buffer);
        ask();
        return await stdin.read(buffer);
      },
    },
    readable: {
      get: () =>
        new ReadableStream({
          async pull(controller) {
            const buffer = new Uint8Array(64 * 1024);
            const count = await asking.read(buffer);
            if (count === null) controller.close();
            else controller.enqueue(buffer.subarray(0, count));
          },
        }),
    },
    isTerminal: { value: () => stdin.isTerminal() },
    close: { value: () => stdin.close() },
    setRaw: {
      value: (...args: Parameters<typeof stdin.setRaw>) =>
        stdin.setRaw(...args),
    },
  });
  replace("stdin", asking);
  const question = (text: string): string | undefined => {
    writeAll(stdout, encoder.encode(text));
    if (typed.indexOf(0x0a) < 0) ask();
    return readLine()?.replace(/\r$/, "");
  };
  globalThis.prompt = (message = "Prompt", preset?: string) => {
    const shown = preset === undefined ? "" : `[${preset}] `;
    const line = question(`${message} ${shown}`);
    return line === undefined ? null : line || (preset ?? "");
  };
  globalThis.confirm = (message = "Confirm") =>
    /^y$/i.test(question(`${message} [y/N] `) ?? "");
  globalThis.alert = (message = "Alert") => {
    question(`${message} [Press any key to continue] `);
  };

  // Loading.
  const urlOf = (file: string) =>
    new URL(
      file.split("/").map(encodeURIComponent).join("/"),
      `file://${cwd.split("/").map(encodeURIComponent).join("/")}/`,
    ).href;
  const changedAt = (file: string): number | undefined => {
    try {
      return stat(file).mtime?.getTime();
    } catch {
      return undefined;
    }
  };
  /** The files at a path, in order, as `deno test` finds them. */
  function* filesAt(path: string, isNamed: boolean): Generator<string> {
    const info = stat(path);
    if (!info.isDirectory) {
      if (isNamed || TEST_FILE.test(path.split("/").at(-1)!)) yield path;
      return;
    }
    const isTests = path.split("/").at(-1) === "__tests__";
    const names = Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
    if (unit.isWatched) control("folder", { path, names });
    for (const name of names) {
      if (["node_modules", ".git", "vendor"].includes(name)) continue;
      const inner = path === "." ? name : `${path.replace(/\/$/, "")}/${name}`;
      try {
        yield* filesAt(inner, isTests && SCRIPT.test(name));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  const load = async (file: string): Promise<void> => {
    suites.set(file, {
      tests: [],
      names: new Map(),
      hooks: { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] },
      changed: changedAt(file),
      hasBegun: false,
      left: 0,
    });
    if (unit.isCareful) control("loading", { file });
    loading = file;
    try {
      await import(urlOf(file));
    } catch (error) {
      suites.get(file)!.failure = { error };
      suites.get(file)!.tests.length = 0;
      emit({
        testId: `${file}::(load)`,
        status: "fail",
        runnable: false,
        time: wallClock(),
        ...traceback(error),
      });
    }
    loading = undefined;
    const { tests } = suites.get(file)!;
    if (tests.some(({ only }) => only)) {
      suites.get(file)!.tests.splice(
        0,
        Infinity,
        ...tests.filter(({ only }) => only),
      );
    }
  };

  // Running.
  const context = (
    id: string,
    name: string,
    file: string,
    parent: Deno.TestContext | undefined,
  ) => {
    const names = new Map<string, number>();
    const running = new Map<string, () => void>();
    let failed = 0, hasEnded = false;
    const t = {
      name,
      origin: urlOf(file),
      parent,
      step: async (...args: unknown[]): Promise<boolean> => {
        const definition = read(args);
        if (hasEnded) {
          throw new Error(
            "Cannot run test step after parent scope has finished execution. Ensure any `.step(...)` calls are awaited before their parent scope completes execution.",
          );
        }
        const count = (names.get(definition.name) ?? 0) + 1;
        names.set(definition.name, count);
        const stepId = `${id} > ${definition.name}${
          count > 1 ? ` #${count}` : ""
        }`;
        const event = { testId: stepId, parentTestId: id, runnable: false };
        if (definition.ignore) {
          emit({ ...event, status: "skip", time: wallClock() });
          return false;
        }
        emit({ ...event, status: "inprogress", time: wallClock() });
        const inner = context(stepId, definition.name, file, t);
        let isOpen = true;
        const end = (more: PlainEvent) => {
          if (!isOpen) return;
          isOpen = false;
          running.delete(stepId);
          if (more.status === "fail") failed++;
          emit({ ...event, time: wallClock(), ...more });
        };
        running.set(stepId, () =>
          end({
            status: "fail",
            fileName: "traceback",
            text:
              "Didn't complete before parent. Await step with `await t.step(...)`.\n",
            mimeType: TEXT_TYPE,
          }));
        try {
          await definition.fn(inner.t);
          const error = inner.end();
          if (error !== undefined) throw error;
          end({ status: "success" });
          return true;
        } catch (error) {
          inner.end();
          end({ status: "fail", ...traceback(error) });
          return false;
        }
      },
      assertSnapshot() {
        throw new Error(
          "t.assertSnapshot() works only in deno test: use @std/testing/snapshot",
        );
      },
    } as unknown as Deno.TestContext;
    return {
      t,
      /** Ends the steps that go on; returns why the test failed, if so. */
      end(): Error | undefined {
        hasEnded = true;
        for (const fail of [...running.values()]) fail();
        if (failed === 0) return undefined;
        return new StepsFailed(
          failed === 1 ? "1 test step failed." : `${failed} test steps failed.`,
        );
      },
    };
  };

  const within = async (
    work: Promise<void> | void,
    milliseconds: number | undefined,
  ): Promise<void> => {
    if (!milliseconds) return await work;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimer(
        () => reject(new Error(`Test timed out after ${milliseconds}ms`)),
        milliseconds,
      );
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimer(timer);
    }
  };

  /** Runs a test once, with the hooks around it. */
  const attempt = async (definition: Definition, suite: Suite) => {
    const { id, name, file, fn } = definition;
    const { t, end } = context(id, name, file, undefined);
    let failure: { readonly error: unknown } | undefined;
    const guarded = async (work: () => void | Promise<void>) => {
      try {
        await work();
      } catch (error) {
        failure ??= { error };
      }
    };
    for (const hook of suite.hooks.beforeEach) {
      if (failure === undefined) await guarded(hook);
    }
    if (failure === undefined) {
      await guarded(() => within(fn(t), definition.timeout));
    }
    const steps = end();
    if (steps !== undefined) failure ??= { error: steps };
    for (const hook of suite.hooks.afterEach.toReversed()) await guarded(hook);
    if (definition.sanitizeExit !== false && Deno.exitCode !== 0) {
      const error = new Error(
        `Test case finished with exit code set to ${Deno.exitCode}`,
      );
      failure ??= { error };
      Deno.exitCode = 0;
    }
    return failure;
  };

  const runTest = async (definition: Definition): Promise<void> => {
    const { id, file, ignore } = definition;
    const suite = suites.get(file)!;
    emitEnd({ testId: id, status: "inprogress" });
    const tags = () => {
      const changed = suite.changed && changedAt(file);
      return changed && changed !== suite.changed ? ["stale"] : [];
    };
    if (ignore) return emitEnd({ testId: id, status: "skip", tags: tags() });
    let failure: { readonly error: unknown } | undefined;
    const late = new Promise<{ readonly error: unknown }>((resolve) => {
      current = {
        sanitizesExit: definition.sanitizeExit !== false,
        fail: (error) => resolve({ error }),
      };
    });
    if (!suite.hasBegun) {
      suite.hasBegun = true;
      for (const hook of suite.hooks.beforeAll) {
        try {
          if (suite.failure === undefined) await hook();
        } catch (error) {
          suite.failure = { error };
        }
      }
    }
    failure = suite.failure;
    const { retry = 0, repeats = 0 } = definition;
    for (let run = 0; run <= repeats && failure === undefined; run++) {
      for (let retries = 0; retries <= retry; retries++) {
        failure = await Promise.race([attempt(definition, suite), late]);
        if (failure === undefined || isPoisoned) break;
      }
    }
    current = undefined;
    emitEnd({
      testId: id,
      status: failure === undefined ? "success" : "fail",
      tags: tags(),
      ...(failure === undefined ? {} : traceback(failure.error)),
    });
  };

  const endSuite = async (file: string, suite: Suite): Promise<void> => {
    if (!suite.hasBegun) return;
    suite.hasBegun = false;
    for (const hook of suite.hooks.afterAll.toReversed()) {
      try {
        await hook();
      } catch (error) {
        emit({
          testId: `${file}::(afterAll)`,
          status: "fail",
          runnable: false,
          time: wallClock(),
          ...traceback(error),
        });
      }
    }
  };

  /** Takes permissions away for a test that asks for less. */
  const restrict = (permissions: Deno.PermissionOptions) => {
    const names = [
      "env",
      "ffi",
      "import",
      "net",
      "read",
      "run",
      "sys",
      "write",
    ] as const;
    for (const name of names) {
      const wanted = permissions === "none"
        ? false
        : (permissions as Record<string, unknown>)[name] ?? false;
      if (wanted === false) {
        try {
          Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor);
        } catch {
          // This version does not know it.
        }
      }
    }
  };
  const isRestricted = ({ permissions, ignore }: Definition) =>
    permissions !== undefined && permissions !== "inherit" && !ignore;

  const { names } = unit;
  const { files, fileOf, isListed } = filesOf(
    unit,
    cwd,
    // One that is not there does not load.
    (path) => changedAt(path) === undefined ? [path] : filesAt(path, true),
  );
  for (const file of files) {
    if (unit.isWatched) control("source", { file });
    const isThere = changedAt(file) !== undefined;
    // The tests of one that has been removed are unknown.
    if (isThere || names === undefined || unit.kind === "list") {
      await load(file);
    }
  }
  const all = [...suites.values()].flatMap(({ tests }) => tests);
  if (!unit.mayRead) Deno.permissions.revokeSync({ name: "read" });

  if (unit.kind === "list") {
    control("loaded", {});
    for (const { id } of all) {
      if (isListed(id)) emit({ testId: id, status: "exists" });
    }
  } else {
    const byId = new Map(all.map((one) => [one.id, one]));
    const ids = names ?? [...byId.keys()];
    // As many as fit in a packet.
    for (let at = 0; names === undefined && at < ids.length; at += 1000) {
      control("ids", { ids: ids.slice(at, at + 1000) });
    }
    control("loaded", {});
    for (const id of ids) {
      const suite = suites.get(fileOf(id));
      if (suite !== undefined && byId.has(id)) suite.left++;
    }
    let isFirst = true, askedAt = clock();
    for (const id of ids) {
      if (isPoisoned) break;
      const definition = byId.get(id);
      if (definition === undefined) {
        const isBroken = suites.get(fileOf(id))?.failure !== undefined;
        emitEnd({ testId: id, status: "inprogress" });
        emitEnd({
          testId: id,
          status: "fail",
          tags: [isBroken ? "lost" : "unknown"],
          fileName: "worker",
          text: isBroken ? "its file was not loaded\n" : "no such test\n",
          mimeType: TEXT_TYPE,
        });
        continue;
      }
      const restricts = isRestricted(definition);
      // It needs a process of its own: what is taken away does not come back.
      if (restricts && !isFirst) break;
      if (clock() - askedAt >= ASK_MILLISECONDS) {
        control("next", {});
        // What was typed for the last test is not for the next one.
        let line: string | undefined;
        do line = readLine(); while (
          line !== undefined && !line.endsWith(unit.secret)
        );
        if (line?.endsWith(`\0stop ${unit.secret}`)) break;
        askedAt = clock();
      }
      isFirst = false;
      if (restricts) restrict(definition.permissions!);
      await runTest(definition);
      const suite = suites.get(definition.file)!;
      if (--suite.left === 0) await endSuite(definition.file, suite);
      if (restricts) break;
    }
    for (const [file, suite] of suites) await endSuite(file, suite);
    // What the last tests left behind, and nobody awaits, may fail only now.
    await new Promise<void>((resolve) => setTimer(resolve, 0));
  }
  try {
    dispatchEvent(new Event("beforeunload", { cancelable: true }));
    dispatchEvent(new Event("unload"));
  } catch (error) {
    takeLate(error);
  }
  control("end", {});
  exit(0);
}
