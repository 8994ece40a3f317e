import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket, PacketDecoder, type StatusEvent } from "@subunit/codec";
import {
  type Command,
  encodeControl,
  encodeStdin,
  idsBody,
  type JsonReply,
  type ReplyBodies,
  replyBody,
} from "@subunit/codec/control";
import fc from "fast-check";
import { described } from "../../../tests/support/server.ts";
import { Hub } from "./hub.ts";
import { encodeMessage } from "./messages.ts";
import type { Client } from "./watchers.ts";

const SEED = 20260716;

/** Calls `take` with what is decoded. */
function decode(bytes: Uint8Array, take: (decoder: PacketDecoder) => void) {
  const decoder = new PacketDecoder();
  decoder.push(bytes.slice());
  decoder.end();
  take(decoder);
}

function lines(bytes: Uint8Array): string[] {
  const all: string[] = [];
  decode(bytes, (decoder) =>
    decoder.drain((item) => {
      if (item.kind === "packet") all.push(described(item));
    }));
  return all;
}

/** A hub whose children, clock and timers are those of the test. */
class Bench {
  readonly hub: Hub;
  readonly calls: string[] = [];
  /** What each process was sent. */
  readonly sent: StatusEvent[][] = [];
  readonly timers: { seconds: number; work: () => void }[] = [];
  time = 0;
  isOver = false;
  #written: Uint8Array[] = [];

  constructor(names: readonly string[] = ["0"], maxRestarts = 10) {
    this.hub = new Hub({
      names,
      maxRestarts,
      backlogBytes: 1024,
      start: (child) => {
        this.calls.push(`start ${names[child]}`);
        this.sent[child] = [];
      },
      send: (child, bytes) => {
        for (const line of lines(bytes)) {
          this.calls.push(`${names[child]} < ${line}`);
        }
        decode(bytes, (decoder) =>
          decoder.drain((item) => {
            if (item.kind === "packet") {
              this.sent[child].push(item.copy().toEvent());
            }
          }));
      },
      endInput: (child) => this.calls.push(`end ${names[child]}`),
      kill: (child) => this.calls.push(`kill ${names[child]}`),
      write: (bytes) => this.#written.push(bytes.slice()),
      after: (seconds, work) => {
        const timer = { seconds, work };
        this.timers.push(timer);
        return () => this.timers.splice(this.timers.indexOf(timer), 1);
      },
      clock: () => this.time,
      now: () => ({ seconds: 0, nanoseconds: 0 }),
      warn: (message) => this.calls.push(`warn ${message}`),
    });
    this.hub.over.then(() => this.isOver = true);
    this.hub.begin();
  }

  /** What was called since. */
  take(): string[] {
    return this.calls.splice(0);
  }

  /** What was written since. */
  written(): string[] {
    return lines(concat(this.#written.splice(0)));
  }

  command(bytes: Uint8Array, client?: Client): void {
    decode(
      bytes,
      (decoder) =>
        decoder.drainRows((rows) => this.hub.command(rows, client), () => {}),
    );
  }

  run(route: string, request: string, ...ids: string[]): void {
    const body = idsBody(ids);
    this.command(
      encodeControl({ word: "run", routeCode: route, request, body }),
    );
  }

  say(word: Command, routeCode?: string, body = "", request?: string): void {
    this.command(encodeControl({ word, routeCode, body, request }));
  }

  child(child: number, bytes: Uint8Array): void {
    decode(bytes, (decoder) =>
      decoder.drainRows(
        (rows) => this.hub.takeRows(child, rows),
        (item) => this.hub.takeOther(child, item),
      ));
  }

  reply<Word extends JsonReply>(
    child: number,
    word: Word,
    body: ReplyBodies[Word],
    routeCode?: string,
  ): void {
    const text = replyBody(word, body);
    this.child(child, encodeControl({ word, body: text, routeCode }));
  }

  ready(child: number, routeCode?: string): void {
    const body = { protocol: 1, engine: "leaf", can: [] };
    this.reply(child, "ready", body, routeCode);
  }

  event(
    child: number,
    testId: string,
    status: StatusEvent["status"],
    routeCode?: string,
  ): void {
    this.child(
      child,
      encodePacket({ testId, status, routeCode, runnable: true }),
    );
  }
}

function ready(...names: string[]): Bench {
  const bench = new Bench(names);
  names.forEach((_, index) => bench.ready(index));
  bench.take();
  bench.written();
  return bench;
}

Deno.test("Hub is ready when all children are, and holds what comes before", () => {
  const bench = new Bench(["0", "1"]);
  bench.run("1", "R", "a");
  bench.ready(0);
  assertEquals(bench.take(), ["start 0", "start 1"]);
  assertEquals(bench.written(), ["0 ready leaf"]);
  bench.ready(1);
  assertEquals(bench.take(), [
    "1 < R run: a\n".replace("R run: a\n", "- run a\n"),
  ]);
  assertEquals(bench.written(), ["1 ready leaf", "- ready serve"]);
});

Deno.test("Hub moves packets one hop, and nothing else of them", () => {
  const bench = ready("0", "б");
  bench.run("б/2", "R", "a");
  bench.command(encodeStdin(new Uint8Array([120]), { routeCode: "0/1/2" }));
  assertEquals(bench.take(), ["б < 2 run a\n", "0 < 1/2 stdin: x"]);
  bench.event(1, "a", "inprogress", "2");
  bench.event(1, "a", "success");
  bench.child(0, new TextEncoder().encode("text\n"));
  assertEquals(bench.written(), [
    "б/2 a inprogress",
    "б a success",
    "0 stdout: text",
  ]);
});

Deno.test("Hub answers a command to all once", () => {
  const bench = ready("0", "1");
  bench.say("list", undefined, "", "L");
  bench.say("ping", undefined, "x");
  bench.event(0, "a", "exists");
  bench.reply(0, "done", { req: "L", ran: 1, unrun: [] });
  bench.child(0, encodeControl({ word: "pong", body: "x" }));
  assertEquals(bench.written(), ["0 a exists"]);
  bench.hub.ended(1, "gone", false);
  assertEquals(bench.written(), [
    "1 (list) fail #lost (the worker ended: gone: the tests of the list are not all known)",
    '- done {"req":"L","ran":1,"unrun":[]}',
  ]);
  bench.timers[0].work();
  bench.ready(1);
  bench.child(1, encodeControl({ word: "pong", body: "x" }));
  assertEquals(bench.written(), ["1 ready leaf", "- pong x"]);
});

Deno.test("Hub refuses what it cannot pass on", () => {
  const bench = ready("0");
  bench.run("7", "A", "a");
  bench.say("run", undefined, "a", "B");
  bench.say("signal", undefined, "INT");
  bench.command(encodeStdin(new Uint8Array(1)));
  bench.command(encodeControl({
    word: "run",
    routeCode: "0",
    request: "C",
    body: Uint8Array.of(0xff),
  }));
  bench.hub.ended(0, "gone", false);
  bench.command(encodeStdin(new Uint8Array(1), { routeCode: "0" }));
  assertEquals(bench.written().map((line) => line.slice(0, 62)), [
    '- error {"req":"A","code":"no-route","text":"no worker is at \\"7'.slice(
      0,
      62,
    ),
    '- error {"req":"B","code":"no-route","text":"\\"run\\" needs a route'
      .slice(0, 62),
    '- error {"code":"no-route","text":"\\"signal\\" needs a route"}'.slice(
      0,
      62,
    ),
    '- error {"code":"no-reader","text":"no test runs here"}',
    '- error {"req":"C","code":"bad-body","text":"Cannot read ids: they'.slice(
      0,
      62,
    ),
    '- error {"code":"no-reader","text":"\\"0\\" has no test"}',
  ]);
});

Deno.test("Hub waits longer each time a child dies before a test starts", () => {
  const bench = new Bench(["0"], 6);
  for (let i = 0; i < 6; i++) {
    bench.hub.ended(0, "exit status 1", false);
    bench.timers.at(-1)!.work();
  }
  assertEquals(bench.timers.map(({ seconds }) => seconds), [0, 1, 2, 4, 4, 4]);
  bench.hub.ended(0, "exit status 1", false);
  assertEquals(bench.hub.hasDead, true);
  assertEquals(
    bench.take().at(-1),
    'warn Worker "0" ended 7 times: exit status 1',
  );
  bench.run("0", "R", "a");
  assertEquals(bench.written(), [
    "0 0: exit status fail (the worker ended too often: exit status 1)",
    '- error {"req":"R","code":"no-route","text":"no worker is at \\"0\\""}',
  ]);
});

Deno.test("Hub gives a successor what is left, and ends what was not begun", () => {
  const bench = ready("0");
  bench.run("0", "1", "a", "b", "c");
  bench.run("0", "2", "d");
  bench.event(0, "a", "success");
  bench.event(0, "b", "inprogress");
  bench.take();
  bench.written();
  bench.hub.ended(0, "killed by SIGKILL", false);
  assertEquals(bench.written(), [
    "0 b fail #lost (the worker ended: killed by SIGKILL)",
  ]);
  bench.timers[0].work();
  bench.ready(0);
  assertEquals(bench.take(), ["start 0", "0 < - run c\n", "0 < - run d\n"]);
  bench.written();
  bench.hub.ended(0, "exit status 0", true);
  assertEquals(bench.written(), [
    "0 c fail #lost #unstarted (the worker ended: exit status 0)",
    '0 done {"req":"1","ran":3,"unrun":[]}',
  ]);
  bench.timers[1].work();
  bench.ready(0);
  bench.event(0, "d", "success");
  bench.reply(0, "done", { req: "2", ran: 1, unrun: [] });
  // Nobody waits for this one.
  bench.reply(0, "done", { req: "2", ran: 1, unrun: [] });
  assertEquals(bench.written(), [
    "0 ready leaf",
    "0 d success",
    '0 done {"req":"2","ran":1,"unrun":[]}',
  ]);
});

Deno.test("Hub ends a child whose answers cannot be read", () => {
  for (const word of ["ready", "done", "error", "ask"] as const) {
    const bench = ready("0");
    bench.run("0", "R", "a", "b");
    bench.event(0, "a", "success");
    bench.take();
    bench.written();
    bench.child(0, encodeControl({ word, body: "null" }));
    assertEquals(bench.take(), ["kill 0"]);
    assertEquals(bench.written(), [
      `0 subunit.parser fail (The body of "${word}" cannot be read.\n)`,
    ]);
    // The successor gets what it has not run.
    bench.hub.ended(0, "killed by SIGKILL", false);
    bench.timers[0].work();
    bench.ready(0);
    assertEquals(bench.take().slice(-1), ["0 < - run b\n"]);
  }
});

Deno.test("Hub does not start a child again that was told to end", async () => {
  const bench = ready("0", "1");
  bench.run("0", "R", "a", "b");
  bench.event(0, "a", "inprogress");
  bench.say("quit", "0");
  bench.written();
  bench.hub.ended(0, "exit status 0", true);
  assertEquals(bench.written(), [
    "0 a fail #lost (the worker ended: exit status 0)",
    '0 done {"req":"R","ran":1,"unrun":["b"]}',
  ]);
  bench.hub.endInput();
  assertEquals(bench.take().slice(-1), ["end 1"]);
  bench.hub.ended(1, "exit status 0", true);
  await bench.hub.over;
  assertEquals([bench.timers, bench.hub.hasDead], [[], false]);
});

Deno.test("Hub stops requests that a child has not got yet", () => {
  const bench = ready("0");
  bench.run("0", "1", "a", "b");
  bench.event(0, "a", "inprogress");
  bench.hub.ended(0, "x", false);
  bench.run("0", "2", "c");
  bench.written();
  bench.say("stop", "0", "1");
  bench.say("stop", "0");
  assertEquals(bench.written(), [
    '0 done {"req":"1","ran":1,"unrun":["b"]}',
    '0 done {"req":"2","ran":0,"unrun":["c"]}',
  ]);
});

Deno.test("Hub lets clients watch routes, and one of them give the input", () => {
  const bench = ready("0", "1");
  const clients = [0, 1].map(() => {
    const seen: string[] = [];
    const client = {
      send: (bytes: Uint8Array) => void seen.push(...lines(bytes)),
    };
    return { client, take: () => seen.splice(0) };
  });
  const [one, two] = clients;
  bench.event(0, "a", "inprogress");
  bench.child(
    0,
    encodePacket({
      testId: "a",
      fileName: "stdout",
      fileBytes: new TextEncoder().encode("1\n2\n? "),
      runnable: false,
    }),
  );
  bench.time = 1500;
  bench.reply(0, "ask", { test: "a", prompt: "? " });
  bench.time = 2500;
  const attach = (from: typeof one, ...options: string[]) =>
    bench.command(
      encodeMessage({ word: "attach", routeCode: "0", options }),
      from.client,
    );
  attach(one, "lines=2", "pid=7");
  assertEquals(one.take(), [
    '0 attached {"route":"0","state":"asking","test":"a","prompt":"? ","seconds":1,"driver":"7"}',
    "0 stdout: 2\n?",
    '0 ask {"test":"a","prompt":"? "}',
  ]);
  attach(two);
  assertEquals(two.take(), [
    '- error {"code":"busy","text":"process 7 gives the input of \\"0\\""}',
  ]);
  attach(two, "read-only", "lines=0");
  two.take();
  const input = encodeStdin(new Uint8Array([120]), { routeCode: "0" });
  bench.take();
  bench.command(input, two.client);
  assertEquals(two.take().length, 1);
  assertEquals(bench.take(), []);
  bench.command(input, one.client);
  assertEquals(bench.take(), ["0 < - stdin: x"]);
  bench.event(0, "a", "success");
  bench.event(1, "b", "success");
  assertEquals([one.take(), two.take()], [["0 a success"], ["0 a success"]]);
  attach(two, "steal", "pid=8");
  assertEquals(one.take(), ["0 detached process 8 gives the input now"]);
  bench.hub.leave(two.client);
  bench.command(encodeMessage({ word: "routes" }), one.client);
  assertEquals(one.take(), [
    '- routes [{"route":"0","state":"idle","seconds":0},{"route":"1","state":"idle","seconds":2.5}]',
  ]);
});

/** What happens next to a child. */
type Step = "start" | "end" | "done" | "die" | "restart" | "run" | "stop";

Deno.test(`Hub gives each id one result and each run one answer, whatever dies when (seed ${SEED})`, () => {
  const step = fc.constantFrom<Step>(
    ...["start", "end", "done", "die", "restart", "run", "stop"] as Step[],
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, fc.nat(1)), { maxLength: 60 }),
      fc.nat(3),
      (steps, maxRestarts) => {
        const bench = new Bench(["0", "1"], maxRestarts);
        const states = [0, 1].map(() => ({
          isAlive: true,
          isUp: false,
          taken: 0,
          queue: [] as { req: string; ids: string[] }[],
          test: undefined as string | undefined,
          ran: 0,
        }));
        const asked = new Map<string, string[]>();
        const written: string[] = [];
        let count = 0;
        const act = (step: Step, child: number) => {
          const state = states[child];
          // What the process has been sent.
          for (const event of bench.sent[child].slice(state.taken)) {
            state.taken++;
            if (event.fileName === "run") {
              const text = new TextDecoder().decode(event.fileBytes);
              state.queue.push({
                req: event.testId!,
                ids: text.split("\n").filter(Boolean),
              });
            }
          }
          const [job] = state.queue;
          if (step === "run") {
            const ids = [1, 2, 3].map((n) => `t${count}.${n}`);
            asked.set(`${child} r${count}`, ids);
            bench.run(`${child}`, `r${count++}`, ...ids);
          } else if (step === "stop") {
            bench.say("stop", `${child}`, `r${count - 1}`);
          } else if (step === "restart") {
            if (!state.isAlive && bench.timers.length > 0) {
              bench.timers.shift()!.work();
              for (const index of [0, 1]) {
                if (bench.sent[index].length === 0 && !states[index].isAlive) {
                  Object.assign(states[index], {
                    isAlive: true,
                    isUp: false,
                    taken: 0,
                    queue: [],
                    test: undefined,
                    ran: 0,
                  });
                }
              }
            }
          } else if (!state.isAlive) {
            return;
          } else if (step === "die") {
            state.isAlive = false;
            bench.sent[child] = [];
            state.taken = 0;
            bench.hub.ended(child, "x", false);
          } else if (!state.isUp) {
            state.isUp = true;
            bench.ready(child);
          } else if (step === "start" && job && state.test === undefined) {
            state.test = job.ids.shift();
            if (state.test) bench.event(child, state.test, "inprogress");
          } else if (step === "end" && state.test !== undefined) {
            bench.event(child, state.test, "success");
            state.test = undefined;
            state.ran++;
          } else if (
            step === "done" && job?.ids.length === 0 && state.test === undefined
          ) {
            const { ran } = state;
            bench.reply(child, "done", { req: job.req, ran, unrun: [] });
            state.ran = 0;
            state.queue.shift();
          }
        };
        for (const [step, child] of steps) act(step, child);
        // In the end all die, as often as they may.
        for (let i = 0; i < 20; i++) {
          for (const child of [0, 1]) {
            for (const step of ["start", "die", "restart"] as const) {
              act(step, child);
            }
          }
        }
        written.push(...bench.written());
        for (const [key, ids] of asked) {
          const [child, req] = key.split(" ");
          const answers = written.filter((line) =>
            line.includes(`"req":"${req}"`)
          );
          assertEquals(answers.length, 1, key);
          if (answers[0].startsWith("- error")) continue;
          const { unrun, ran } = JSON.parse(
            answers[0].slice(answers[0].indexOf("{")),
          );
          const results = ids.flatMap((id) =>
            written.filter((line) =>
              line.startsWith(`${child} ${id} success`) ||
              line.startsWith(`${child} ${id} fail`)
            ).map(() => id)
          );
          assertEquals([...results, ...unrun].sort(), ids);
          assertEquals(ran, results.length, key);
        }
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});
