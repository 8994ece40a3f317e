import { assertEquals } from "@std/assert";
import {
  encodePacket,
  type EventInput,
  type StatusEvent,
} from "@subunit/codec";
import fc from "fast-check";
import { CONTROL_TYPE } from "@subunit/codec/control";
import type { Engine, Unit } from "./engine.ts";
import { Leaf, type LeafOptions } from "./leaf.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** An engine that does nothing by itself, and writes down what it is told. */
class FakeEngine implements Engine {
  readonly name = "fake";
  readonly can = ["list", "run"];
  readonly calls: string[] = [];
  unit: Unit | undefined;

  start(unit: Unit): void {
    this.unit = unit;
    const { kind, names, excluded, isCareful } = unit;
    this.calls.push(
      [kind, ...names ?? ["(all)"]].join(" ") + (isCareful ? " careful" : "") +
        excluded.map((file) => ` without ${file}`).join(""),
    );
  }
  input(bytes: Uint8Array, isEnd: boolean): void {
    this.calls.push(`input ${text.decode(bytes)}${isEnd ? " end" : ""}`);
  }
  stop(): void {
    this.calls.push("stop");
  }
  kill(): void {
    this.calls.push("kill");
  }
  signal(name: string): boolean {
    this.calls.push(`signal ${name}`);
    return name === "INT";
  }
  reload(): void {
    this.calls.push("reload");
  }
}

/** A leaf with a fake engine, a clock that stands, and what it writes. */
class Bench {
  readonly engine = new FakeEngine();
  readonly written: string[] = [];
  time = 0;
  readonly leaf: Leaf;

  constructor(options: Partial<LeafOptions> = {}) {
    this.leaf = new Leaf({
      engine: this.engine,
      write: (event) => {
        encodePacket(event);
        this.written.push(line(event));
      },
      clock: () => this.time,
      timeoutSeconds: 60,
      loadSeconds: 120,
      onAsk: "wait",
      ...options,
    });
  }

  command(word: string, body = "", { req, tags }: {
    req?: string;
    tags?: string[];
  } = {}): void {
    this.leaf.take(command(word, body, req, tags));
  }

  test(testId: string, status: EventInput["status"] = "success"): void {
    this.leaf.event({ testId, status: "inprogress", runnable: true });
    this.leaf.event({ testId, status, runnable: true });
  }

  start(testId: string): void {
    this.leaf.event({ testId, status: "inprogress", runnable: true });
  }

  /** What was written, and what the engine was told, since the last call. */
  take(): string[] {
    return [...this.engine.calls.splice(0), ...this.written.splice(0)];
  }

  later(seconds: number): void {
    this.time += seconds * 1000;
    this.leaf.expire();
  }
}

function command(
  word: string,
  body: string,
  req?: string,
  tags?: string[],
): StatusEvent {
  return {
    testId: req,
    tags,
    runnable: false,
    fileName: word,
    fileBytes: utf8.encode(body),
    mimeType: word === "stdin" ? undefined : CONTROL_TYPE,
    eof: word !== "stdin",
  };
}

/** An event as a line. */
function line(
  { testId, status, tags = [], fileName, fileBytes, mimeType }: StatusEvent,
): string {
  const file = fileName === undefined ? "" : text.decode(fileBytes).trim();
  if (mimeType === CONTROL_TYPE) return `${fileName} ${file}`;
  return [testId, status, ...tags, fileName && `(${file})`]
    .filter((word) => word !== undefined).join(" ");
}

Deno.test("Leaf answers every command once", () => {
  const bench = new Bench();
  bench.leaf.begin(7);
  assertEquals(bench.take(), [
    'ready {"protocol":1,"engine":"fake","can":["list","run"],"pid":7}',
  ]);
  bench.command("ping", "hello");
  bench.command("reload", "", { req: "r" });
  bench.command("dance", "", { req: "d" });
  bench.command("stdin", "x");
  bench.command("signal", "INT");
  bench.command("run", "a", { tags: ["timeout=soon"] });
  assertEquals(bench.take(), [
    "reload",
    "pong hello",
    'done {"req":"r","ran":0,"unrun":[]}',
    'error {"req":"d","code":"unknown-command","text":"no command \\"dance\\""}',
    'error {"code":"no-reader","text":"no test is in progress"}',
    'error {"code":"no-reader","text":"no test is in progress"}',
    'error {"code":"bad-body","text":"the option is \\"timeout=soon\\": expected seconds"}',
  ]);
});

Deno.test("Leaf runs ids in order, and reports the rest of each", () => {
  const bench = new Bench();
  bench.command("run", "a\nb\na\n", { req: "1" });
  bench.command("run", "c\0d\0", { req: "2" });
  bench.command("list", "", { req: "3" });
  assertEquals(bench.take(), ["run a b"]);
  bench.leaf.loaded();
  bench.test("a");
  bench.test("b", "skip");
  bench.leaf.ended();
  assertEquals(bench.take(), [
    "run c d",
    "a inprogress",
    "a success",
    "b inprogress",
    "b skip",
    'done {"req":"1","ran":2,"unrun":[]}',
  ]);
  bench.leaf.loaded();
  bench.test("d");
  bench.test("c");
  bench.leaf.ended();
  bench.take();
  bench.leaf.event({ testId: "a", status: "exists", runnable: true });
  bench.leaf.ended();
  assertEquals(bench.take(), [
    "a exists",
    'done {"req":"3","ran":0,"unrun":[]}',
  ]);
  // A command that comes twice is done already.
  bench.command("run", "a\nb\n", { req: "1" });
  assertEquals(bench.take(), ['done {"req":"1","ran":2,"unrun":[]}']);
});

Deno.test("Leaf takes a run of all tests for those that were loaded", () => {
  const bench = new Bench();
  bench.command("run");
  bench.leaf.loaded(["a", "b", "c"]);
  bench.test("a");
  bench.start("b");
  bench.leaf.ended("killed by SIGSEGV");
  assertEquals(bench.take(), [
    "run (all)",
    "run c",
    "a inprogress",
    "a success",
    "b inprogress",
    "b fail lost (killed by SIGSEGV)",
  ]);
});

Deno.test("Leaf blames the test in progress, and goes on in a new generation", () => {
  const bench = new Bench();
  bench.command("run", "a\nb\nc\n");
  bench.leaf.loaded();
  bench.start("a");
  bench.leaf.ended("exit status 0");
  assertEquals(bench.take(), [
    "run a b c",
    "run b c",
    "a inprogress",
    "a fail lost (exit status 0)",
  ]);
  // It ends in order, and has not run everything.
  bench.leaf.loaded();
  bench.test("b");
  bench.leaf.ended();
  assertEquals(bench.take(), ["run c", "b inprogress", "b success"]);
  bench.leaf.loaded();
  bench.leaf.ended("exit status 3");
  assertEquals(bench.take(), [
    "c fail lost unstarted (exit status 3)",
    'done {"ran":3,"unrun":[]}',
  ]);
});

Deno.test("Leaf gives each test one result", () => {
  const bench = new Bench();
  bench.command("run", "a\nb\n");
  bench.leaf.loaded();
  bench.test("a");
  bench.test("a", "fail");
  bench.test("other", "fail");
  bench.leaf.event({
    testId: "a > step",
    parentTestId: "a",
    status: "fail",
    runnable: false,
  });
  bench.test("b");
  bench.leaf.ended();
  assertEquals(bench.take().slice(3), [
    "a",
    "a",
    "other inprogress",
    "other fail",
    "a > step fail",
    "b inprogress",
    "b success",
    'done {"ran":2,"unrun":[]}',
  ]);
});

Deno.test("Leaf ends tests that take too long, each by its own clock", () => {
  const bench = new Bench();
  bench.command("run", "a\nb\nc\n", { tags: ["timeout=2"] });
  bench.later(119);
  assertEquals(bench.take(), ["run a b c"]);
  bench.leaf.loaded();
  for (const id of ["a", "b"]) {
    bench.start(id);
    bench.later(1.5);
    if (id === "a") bench.test(id);
  }
  assertEquals(bench.leaf.deadline, bench.time + 500);
  bench.take();
  bench.later(0.5);
  bench.later(100);
  assertEquals(bench.leaf.deadline, undefined);
  assertEquals(bench.take(), ["kill"]);
  bench.leaf.ended("killed by SIGKILL");
  assertEquals(bench.take(), [
    "run c",
    "b fail lost (timeout after 2 s)",
  ]);
});

Deno.test("Leaf loads files one by one when loading ends a generation", () => {
  const bench = new Bench();
  bench.command("run", "x::a\ny::b\nz::c\n");
  bench.later(120);
  bench.leaf.ended("killed by SIGKILL");
  assertEquals(bench.take(), [
    "run x::a y::b z::c",
    "kill",
    "run x::a y::b z::c careful",
  ]);
  bench.leaf.loading("x");
  bench.later(119);
  bench.leaf.loading("y");
  bench.later(119);
  assertEquals(bench.take(), []);
  bench.later(1);
  bench.leaf.ended("killed by SIGKILL");
  assertEquals(bench.take(), [
    "kill",
    "run x::a z::c careful without y",
    "y::(load) fail lost (loading took more than 120 s)",
    "y::b fail lost (its file was not loaded: loading took more than 120 s)",
  ]);
  bench.leaf.ended("exit status 1");
  assertEquals(bench.take(), [
    "(load) fail lost (exit status 1)",
    "x::a fail lost unstarted (exit status 1)",
    "z::c fail lost unstarted (exit status 1)",
    'done {"ran":3,"unrun":[]}',
  ]);
});

Deno.test("Leaf stops the clock of a test that asks, and passes the answer on", () => {
  const bench = new Bench();
  bench.command("run", "a");
  bench.leaf.loaded();
  bench.start("a");
  bench.later(59);
  bench.take();
  bench.leaf.asks("(Pdb) ");
  bench.leaf.asks("(Pdb) ");
  assertEquals(bench.leaf.deadline, undefined);
  bench.later(10_000);
  bench.command("stdin", "p x\n");
  assertEquals(bench.leaf.deadline, bench.time + 60_000);
  bench.command("signal", "INT");
  bench.command("signal", "FUN");
  assertEquals(bench.take(), [
    "input p x\n",
    "signal INT",
    "signal FUN",
    'ask {"test":"a","prompt":"(Pdb) "}',
    'error {"code":"bad-body","text":"no signal \\"FUN\\""}',
  ]);
  bench.command("stdin", "x".repeat(64 * 1024));
  bench.take();
  bench.command("stdin", "y");
  assertEquals(bench.take(), [
    'error {"code":"no-reader","text":"the test does not read its input"}',
  ]);
});

Deno.test("Leaf asks nobody where nobody can answer", () => {
  for (
    const [onAsk, call] of [["eof", "input  end"], ["fail", "kill"]] as const
  ) {
    const bench = new Bench({ onAsk });
    bench.command("run", "a");
    bench.leaf.loaded();
    bench.start("a");
    bench.take();
    bench.leaf.asks("name? ");
    assertEquals(bench.take(), [call, 'ask {"test":"a","prompt":"name? "}']);
    bench.leaf.ended("killed by SIGKILL");
    if (onAsk === "fail") {
      assertEquals(bench.take()[0], "a fail lost (it asked for input: name?)");
    }
  }
});

Deno.test("Leaf gives tests that are debugged time, and somebody to ask", () => {
  const bench = new Bench({ onAsk: "eof" });
  bench.command("run", "a\nb\n", { tags: ["debug", "timeout=1"] });
  bench.leaf.loaded();
  bench.start("a");
  assertEquals(bench.leaf.deadline, undefined);
  bench.take();
  bench.leaf.asks("debug> ");
  assertEquals(bench.take(), ['ask {"test":"a","prompt":"debug> "}']);
  // The debugger asked, and the test has ended all the same.
  bench.leaf.event({ testId: "a", status: "fail", runnable: true });
  bench.start("b");
  bench.take();
  bench.leaf.asks("debug> ");
  assertEquals(bench.take(), ['ask {"test":"b","prompt":"debug> "}']);
});

Deno.test("Leaf names the test of a debugger that was faster than its event", () => {
  const bench = new Bench();
  bench.command("run", "a\nb\n", { tags: ["debug"] });
  bench.leaf.asks("debug> ");
  bench.leaf.loaded();
  bench.leaf.asks("debug> ");
  assertEquals(bench.take(), [
    "run a b",
    'ask {"prompt":"debug> "}',
  ]);
  bench.start("a");
  const question = 'ask {"test":"a","prompt":"debug> ","again":true}';
  assertEquals(bench.take(), ["a inprogress", question]);
  // It is not asked again once it was answered.
  bench.command("stdin", "cont\n");
  bench.leaf.event({ testId: "a", status: "success", runnable: true });
  bench.leaf.asks("debug> ");
  bench.command("stdin", "cont\n");
  bench.take();
  bench.start("b");
  assertEquals(bench.take(), ["b inprogress"]);
});

Deno.test("Leaf reports edits, also between commands", () => {
  const bench = new Bench();
  bench.leaf.changed(["a.ts"]);
  assertEquals(bench.take(), ['changed {"files":["a.ts"]}']);
});

Deno.test("Leaf stops after the test in progress, or at once", () => {
  const bench = new Bench();
  bench.command("run", "a\nb\n", { req: "1" });
  bench.command("run", "c", { req: "2" });
  bench.command("run", "d", { req: "3" });
  bench.leaf.loaded();
  bench.start("a");
  bench.take();
  bench.command("stop", "2");
  bench.command("stop", "1");
  bench.command("stop", "no such request");
  assertEquals(bench.take(), [
    "stop",
    'done {"req":"2","ran":0,"unrun":["c"]}',
  ]);
  bench.test("a");
  bench.leaf.ended();
  assertEquals(bench.take(), [
    "run d",
    "a inprogress",
    "a success",
    'done {"req":"1","ran":1,"unrun":["b"]}',
  ]);
  bench.leaf.loaded();
  bench.start("d");
  bench.command("stop", "", { tags: ["now"] });
  bench.leaf.ended("killed by SIGKILL");
  assertEquals(bench.take(), [
    "kill",
    "d inprogress",
    "d fail lost (it was stopped)",
    'done {"req":"3","ran":1,"unrun":[]}',
  ]);
});

Deno.test("Leaf ends after the test in progress, and answers what is left", async () => {
  const bench = new Bench();
  bench.command("run", "a\nb\n", { req: "1" });
  bench.command("run", "c", { req: "2" });
  bench.leaf.loaded();
  bench.start("a");
  bench.leaf.asks("? ");
  bench.take();
  bench.leaf.endInput();
  assertEquals(bench.take(), [
    "stop",
    "input  end",
    'done {"req":"2","ran":0,"unrun":["c"]}',
  ]);
  bench.later(5);
  bench.leaf.ended("killed by SIGKILL");
  assertEquals(bench.take(), [
    "kill",
    "a fail lost (it was still in progress when the commands ended)",
    'done {"req":"1","ran":1,"unrun":["b"]}',
  ]);
  await bench.leaf.done;
});

Deno.test("Leaf joins the parts of a command, and refuses what is no text", () => {
  const bench = new Bench();
  const parts = ["a\nb", "c\nd"];
  for (const [index, part] of parts.entries()) {
    bench.leaf.take({
      ...command("run", part, "1"),
      eof: index === 1,
    });
  }
  bench.leaf.take({
    ...command("run", "", "2"),
    fileBytes: Uint8Array.of(0x61, 0xff),
  });
  // Others than commands are not for the leaf.
  bench.leaf.take({ testId: "x", status: "success", runnable: true });
  bench.leaf.take({
    runnable: true,
    fileName: "stdout",
    fileBytes: utf8.encode("x"),
  });
  assertEquals(bench.take(), [
    "run a bc d",
    'error {"req":"2","code":"bad-body","text":"Cannot read ids: they are not UTF-8"}',
  ]);
});

/** What happens to a generation next. */
type Step =
  | "loading"
  | "loaded"
  | "start"
  | "end"
  | "ask"
  | "die"
  | "finish"
  | "late";

Deno.test("Leaf gives every id one result and every run one answer, whatever dies when", () => {
  const step = fc.constantFrom<Step>(
    "loading",
    "loaded",
    "start",
    "end",
    "ask",
    "die",
    "finish",
    "late",
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.boolean(),
      fc.boolean(),
      (steps, isAll, isStopped) => {
        const bench = new Bench();
        const ids = ["x::a", "x::b", "y::c", "y::d"];
        bench.command("run", isAll ? "" : ids.join("\n"), { req: "1" });
        let left: string[] = [], test: string | undefined, isLoaded = false;
        const engine = bench.engine;
        let unit: Unit | undefined;
        /** Whether a generation lives; a new one begins with fresh state. */
        const lives = () => {
          if (engine.unit !== unit) {
            unit = engine.unit;
            left = [...unit!.names ?? ids].filter((id) =>
              !unit!.excluded.some((file) => id.startsWith(`${file}::`))
            );
            test = undefined;
            isLoaded = false;
          }
          return !bench.written.some((line) => line.startsWith("done"));
        };
        if (isStopped) bench.command("stop", "1");
        // In the end every generation dies at once: it must come to an end.
        for (const step of [...steps, ...Array(40).fill("die")]) {
          if (!lives()) break;
          if (step === "loading" && !isLoaded && unit!.isCareful && left[0]) {
            bench.leaf.loading(left[0].slice(0, 1));
          } else if (step === "loaded" && !isLoaded) {
            isLoaded = true;
            bench.leaf.loaded(
              unit!.names === undefined ? [...left] : undefined,
            );
          } else if (step === "start" && isLoaded && test === undefined) {
            test = left.shift();
            if (test !== undefined) bench.start(test);
          } else if (step === "end" && test !== undefined) {
            bench.leaf.event({
              testId: test,
              status: "success",
              runnable: true,
            });
            test = undefined;
          } else if (step === "ask" && test !== undefined) {
            bench.leaf.asks("?");
          } else if (step === "late") {
            bench.later(121);
            if (engine.calls.at(-1) === "kill") bench.leaf.ended("killed");
          } else if (step === "die") {
            bench.leaf.ended("died");
          } else if (step === "finish" && isLoaded && test === undefined) {
            bench.leaf.ended();
          }
        }
        const answers = bench.written.filter((line) =>
          line.startsWith("done ")
        );
        assertEquals(answers.length, 1);
        const { unrun, ran } = JSON.parse(answers[0].slice(5));
        const results = bench.written.filter((line) =>
          /^[xy]::[a-d] (success|fail)/.test(line)
        ).map((line) => line.slice(0, 4));
        assertEquals(new Set(results).size, results.length);
        assertEquals(ran, results.length);
        const isKnown = !isAll || [...results, ...unrun].length > 0;
        if (isKnown && !isStopped) assertEquals(unrun, []);
        if (!isAll) assertEquals([...results, ...unrun].sort(), ids);
      },
    ),
    { seed: 16, numRuns: 2000 },
  );
});
