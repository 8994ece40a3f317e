import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ControlInput,
  idsIn,
  type JsonReply,
  type ReplyBodies,
  replyBody,
} from "@subunit/codec/control";
import { Session, type SessionOptions, type Verdictless } from "./session.ts";

const SEED = 20261127;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A command that a worker was sent and has not answered. */
interface Sent {
  readonly req: string;
  readonly word: string;
  readonly ids: string[];
}

/** A session with workers that a test plays. */
class Bench {
  readonly session: Session;
  readonly sent = new Map<string, Sent[]>();
  readonly stops: string[] = [];
  readonly reported: Verdictless[] = [];
  readonly failures: string[] = [];
  readonly words: string[] = [];
  /** The results that passed on or were reported: "id status". */
  readonly results: string[] = [];

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new Session({
      clock: () => 0,
      send: (route, command) => this.#send(route, command),
      endInput: (route) => this.words.push(`end ${route}`),
      asked: (route) => this.words.push(`asked ${route}`),
      report: (test) => {
        this.reported.push(test);
        this.results.push(`${test.testId} ${test.status}`);
      },
      fail: (what) => this.failures.push(what),
      warn: (text) => this.words.push(text),
      ...options,
    });
  }

  #send(route: string, { word, request, body }: ControlInput): void {
    if (word === "stop") {
      this.stops.push(`${route} ${body}`);
      return;
    }
    const ids = idsIn(body as Uint8Array);
    this.sent.get(route)!.push({ req: request!, word, ids });
  }

  say<Word extends JsonReply>(
    route: string,
    word: Word,
    body: ReplyBodies[Word] & Record<string, unknown>,
  ): void {
    this.session.message(route, {
      word,
      body: bytes(replyBody(word, body)),
      options: [],
      isTooLong: false,
    });
  }

  ready(route: string, engine = "peer"): void {
    this.sent.set(route, []);
    this.say(route, "ready", { protocol: 1, engine, can: ["list", "run"] });
  }

  event(
    route: string,
    testId: string,
    status: "inprogress" | "success" | "fail",
  ) {
    const fate = this.session.event(route, { testId, status, runnable: true });
    if (fate === "pass" && status !== "inprogress") {
      this.results.push(`${testId} ${status}`);
    }
    return fate;
  }

  done(route: string, req: string, unrun: string[] = []): void {
    this.say(route, "done", { req, ran: 0, unrun });
  }
}

Deno.test(`Session gives each test one result, whatever workers do (seed ${SEED})`, async () => {
  const step = fc.tuple(
    fc.constantFrom(
      "start",
      "end",
      "end",
      "fail",
      "twice",
      "done",
      "done",
      "refuse",
      "die",
      "stranger",
      "restart",
      "stop",
    ),
    fc.nat(2),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 30 }),
      fc.array(step, { maxLength: 200 }),
      fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      async (count, steps, maxFailures) => {
        const bench = new Bench({ maxFailures });
        const ids = Array.from({ length: count }, (_, index) => `t${index}`);
        for (const route of ["0", "1", "2/0"]) bench.ready(route);
        let isSettled = false;
        const running = bench.session.run({ ids }).then((result) => {
          isSettled = true;
          return result;
        });
        const routes = ["0", "1", "2/0"];
        const act = (name: string, route: string) => {
          const queue = bench.sent.get(route);
          if (queue === undefined) {
            if (name === "restart") bench.ready(route);
            return;
          }
          const [unit] = queue;
          const id = unit?.ids[0];
          if (name === "die") {
            bench.sent.delete(route);
            bench.session.gone(route, "killed");
          } else if (name === "stop") bench.session.stop("enough");
          else if (name === "stranger") {
            if (count > 0) bench.event(route, "t0", "success");
          } else if (unit === undefined) return;
          else if (name === "done") {
            queue.shift();
            bench.done(route, unit.req, unit.ids);
          } else if (name === "refuse") {
            queue.shift();
            const { req } = unit;
            bench.say(route, "error", { req, code: "busy", text: "no" });
          } else if (id === undefined) return;
          else if (name === "start") bench.event(route, id, "inprogress");
          else {
            unit.ids.shift();
            const status = name === "fail" ? "fail" : "success";
            bench.event(route, id, status);
            if (name === "twice") bench.event(route, id, "fail");
          }
        };
        for (const [name, route] of steps) act(name, routes[route]);
        // What is left ends, or everybody dies.
        for (const route of routes) act("die", route);
        bench.session.dead("nobody is left");
        await Promise.resolve();
        await Promise.resolve();
        assert(isSettled);
        await running;
        assertEquals(
          bench.results.map((line) => line.split(" ")[0]).sort(),
          ids.toSorted(),
        );
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});

Deno.test("Session does not pass for good a test that failed after its result", async () => {
  const bench = new Bench();
  bench.ready("0");
  const run = async (...statuses: ("success" | "fail")[]) => {
    const running = bench.session.run({ ids: ["a"] });
    const { req } = bench.sent.get("0")!.pop()!;
    const fates = statuses.map((status) => bench.event("0", "a", status));
    bench.done("0", req);
    const { failed } = await running;
    return [...fates, failed.size, bench.failures.splice(0).join()];
  };
  const late = "without status";
  assertEquals(await run("success", "success"), ["pass", late, 0, ""]);
  assertEquals(
    await run("success", "fail", "fail"),
    ["pass", late, late, 1, "(failed afterwards)"],
  );
  assertEquals(await run("fail", "success", "fail"), [
    ...["pass", late, late],
    ...[1, ""],
  ]);
  // Also when the run is over.
  assertEquals(await run("success"), ["pass", 0, ""]);
  bench.event("0", "a", "fail");
  assertEquals(bench.failures, ["(failed afterwards)"]);
});

Deno.test("Session leaves failures of tests to others that command the same workers", async () => {
  const bench = new Bench({ isShared: true });
  bench.ready("0");
  const running = bench.session.run({ ids: ["a"] });
  const [{ req }] = bench.sent.get("0")!;
  bench.event("0", "a", "success");
  bench.event("0", "a", "fail");
  bench.done("0", req);
  assertEquals((await running).failed, new Set());
  assertEquals(bench.failures, []);
});

Deno.test("Session lists again on another worker, and reports that it cannot", async () => {
  const bench = new Bench();
  const listed = bench.session.list(["a"]);
  for (const route of ["0", "1", "2"]) {
    bench.ready(route);
    assertEquals(bench.sent.get(route)![0].word, "list");
    bench.session.event(route, {
      testId: `a${route}`,
      status: "exists",
      runnable: true,
    });
    if (route === "2") break;
    bench.session.gone(route, "killed");
  }
  bench.done("2", bench.sent.get("2")![0].req);
  assertEquals(await listed, ["a2"]);
  const again = bench.session.list([]);
  bench.session.gone("2", "killed");
  bench.session.dead("nobody is left");
  assertEquals(await again, undefined);
  assertEquals(bench.failures, ["(list)"]);
});

Deno.test("Session fails where the id of a test leaves no room for its result", async () => {
  const bench = new Bench();
  bench.ready("0");
  const listed = bench.session.list([]);
  for (const testId of ["a", "b".repeat(2_000_000)]) {
    bench.session.event("0", { testId, status: "exists", runnable: true });
  }
  bench.done("0", bench.sent.get("0")![0].req);
  assertEquals(await listed, ["a"]);
  assertEquals(bench.failures, ["(list)"]);
});

Deno.test("Session commands the workers below a multiplexer, not itself", () => {
  const bench = new Bench();
  bench.ready("0/0");
  bench.ready("0/1");
  bench.ready("0", "serve");
  bench.session.run({ ids: ["a", "b", "c", "d", "e", "f", "g", "h"] });
  assertEquals(bench.sent.get("0"), []);
  assertEquals(bench.sent.get("0/0")!.length, 1);
  assertEquals(bench.sent.get("0/1")!.length, 1);
});

Deno.test("Session takes a worker away that has no route any more", () => {
  const bench = new Bench();
  bench.ready("0/0");
  bench.ready("0/1");
  bench.session.run({ ids: ["a"] });
  const [{ req }] = bench.sent.get("0/0")!;
  bench.say("0/0", "error", { req, code: "no-route", text: "it has ended" });
  assertEquals(bench.sent.get("0/1")!.map(({ ids }) => ids), [["a"]]);
});

Deno.test("Session leaves what a worker had to the one that a multiplexer starts instead", async () => {
  const bench = new Bench();
  bench.ready("0/0");
  bench.ready("0/1");
  const running = bench.session.run({
    ids: ["t.a", "t.b", "t.c"],
    groupOf: () => "t",
  });
  const [{ req, ids }] = bench.sent.get("0/0")!;
  assertEquals(ids, ["t.a", "t.b", "t.c"]);
  bench.event("0/0", "t.a", "inprogress");
  // The multiplexer blames it, and gives the successor the rest.
  bench.event("0/0", "t.a", "fail");
  bench.ready("0/0");
  assertEquals(bench.sent.get("0/1"), []);
  assertEquals(bench.sent.get("0/0"), []);
  for (const id of ["t.b", "t.c"]) {
    bench.event("0/0", id, "inprogress");
    bench.event("0/0", id, "success");
  }
  bench.done("0/0", req);
  await running;
  assertEquals(bench.results, ["t.a fail", "t.b success", "t.c success"]);
});

Deno.test("Session asks again for what a worker returns, and gives up what it leaves out", async () => {
  const bench = new Bench();
  bench.ready("0");
  const running = bench.session.run({ ids: ["a"] });
  const sent = bench.sent.get("0")!;
  bench.done("0", sent[0].req, ["a"]);
  assertEquals(sent.map(({ ids }) => ids), [["a"], ["a"]]);
  assertEquals(bench.results, []);
  bench.done("0", sent[1].req);
  await running;
  assertEquals(sent.length, 2);
  assertEquals(bench.results, ["a fail"]);
  assertEquals(bench.reported[0].tags, ["lost", "unstarted"]);
});

Deno.test("Session stops everybody after enough failures, and skips the rest", async () => {
  const bench = new Bench({ maxFailures: 1 });
  bench.ready("0");
  const ids = Array.from({ length: 9 }, (_, index) => `t${index}`);
  const running = bench.session.run({ ids });
  const [{ req }] = bench.sent.get("0")!;
  bench.event("0", "t0", "inprogress");
  bench.event("0", "t0", "fail");
  assert(bench.stops.includes(`0 ${req}`));
  for (const { req, ids } of bench.sent.get("0")!) bench.done("0", req, ids);
  const { failed, isCut } = await running;
  assertEquals([...failed], ["t0"]);
  assert(isCut);
  assertEquals(bench.results.toSorted(), [
    "t0 fail",
    ...ids.slice(1).map((id) => `${id} skip`),
  ]);
});

Deno.test("Session lists nothing and runs nothing once it is stopped", async () => {
  for (const isReady of [false, true]) {
    const bench = new Bench();
    if (isReady) bench.ready("0");
    const listing = bench.session.list([]);
    bench.session.stop("enough");
    assertEquals(await listing, undefined);
    assertEquals(await bench.session.list([]), undefined);
    assertEquals(bench.failures, ["(list)", "(list)"]);
    const { isCut } = await bench.session.run({ ids: ["a", "b"] });
    assertEquals([isCut, bench.results], [true, ["a skip", "b skip"]]);
    // The answer to the list comes late.
    if (!isReady) continue;
    const [list, ...others] = bench.sent.get("0")!;
    bench.done("0", list.req);
    assertEquals([list.word, others], ["list", []]);
  }
});

Deno.test("Session waits for what a multiplexer says before it names a question's remedy", () => {
  const bench = new Bench({ answersAsks: true });
  bench.ready("0/1");
  bench.session.run({ ids: ["a"] });
  bench.event("0/1", "a", "inprogress");
  bench.say("0/1", "ask", { test: "a", prompt: "(Pdb) " });
  assertEquals(bench.words, []);
  const ready = {
    protocol: 1,
    engine: "serve",
    can: [],
    socket: "/s",
  } as const;
  bench.say("0", "ready", ready);
  const line = "0/1 a is waiting at (Pdb) : subunit-attach 1";
  assertEquals(bench.words, [line]);
  bench.say("0", "ready", ready);
  assertEquals(bench.words, [line]);
});

Deno.test("Session gives standard input once to a question that is named later", () => {
  const bench = new Bench({ answersAsks: true });
  bench.ready("0");
  const prompt = "debug> ";
  bench.say("0", "ask", { prompt });
  bench.say("0", "ask", { test: "a", prompt, again: true });
  const waiting = "0 a is waiting at debug> ";
  assertEquals(bench.words, [
    ...["0 is waiting at debug> ", "asked 0", waiting],
  ]);
  bench.say("0", "ask", { test: "a", prompt });
  assertEquals(bench.words.slice(3), [waiting, "asked 0"]);
});

Deno.test("Session answers a question unless somebody else can", () => {
  const ask = { test: "a", prompt: "(Pdb) " };
  const cases: [
    options: Partial<SessionOptions>,
    socket: string | undefined,
    route: string,
    words: string[],
  ][] = [
    [{}, undefined, "0", [
      "0 a asks (Pdb) : nobody answers without --debug",
      "end 0",
    ]],
    [{ answersAsks: true }, undefined, "0", [
      "0 a is waiting at (Pdb) ",
      "asked 0",
    ]],
    [{}, "/run/socket", "0/1", [
      "0/1 a is waiting at (Pdb) : subunit-attach 1",
    ]],
    // The multiplexer decides.
    [{}, undefined, "0/1", []],
  ];
  for (const [options, socket, route, words] of cases) {
    const bench = new Bench(options);
    bench.sent.set(route, []);
    bench.say("0", "ready", { protocol: 1, engine: "serve", can: [], socket });
    bench.say(route, "ask", ask);
    assertEquals(bench.words, words);
  }
});

Deno.test("Session blames all tests that began on a worker that dies, and runs the others", async () => {
  const bench = new Bench();
  bench.ready("0");
  const running = bench.session.run({
    ids: ["silent", "next", "other"],
    groupOf: () => "one",
    keepsOrder: true,
  });
  const [{ ids }] = bench.sent.get("0")!;
  assertEquals(ids, ["silent", "next", "other"]);
  bench.event("0", "silent", "inprogress");
  bench.event("0", "next", "inprogress");
  bench.session.gone("0", "killed");
  assertEquals(
    bench.reported.map(({ testId, tags }) => [testId, tags]),
    [["silent", ["lost"]], ["next", ["lost"]]],
  );
  bench.ready("0");
  const [again] = bench.sent.get("0")!;
  assertEquals(again.ids, ["other"]);
  bench.event("0", "other", "success");
  bench.done("0", again.req);
  await running;
  assertEquals(bench.results, ["silent fail", "next fail", "other success"]);
});

Deno.test("Session ends the input of a test for which nobody comes", () => {
  for (const isAnswered of [false, true]) {
    let nobodyComes = () => {};
    const bench = new Bench({ whenNobodyComes: (work) => nobodyComes = work });
    const socket = "/run/socket";
    bench.say("0", "ready", { protocol: 1, engine: "serve", can: [], socket });
    bench.sent.set("0/1", []);
    bench.say("0/1", "ask", { test: "a", prompt: "(Pdb) " });
    const question = "0/1 a is waiting at (Pdb) : subunit-attach 1";
    if (isAnswered) bench.event("0/1", "a", "success");
    nobodyComes();
    assertEquals(
      bench.words,
      isAnswered
        ? [question]
        : [question, "0/1 a gets the end of input: nobody came", "end 0/1"],
    );
  }
});
