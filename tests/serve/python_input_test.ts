/**
 * Input for tests that the Python engine runs: debuggers, questions, signals.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import { peerTest, text } from "../support/run.ts";
import {
  bodyOf,
  filesOf,
  isReply,
  type LiveWorker,
  startPython,
  statusesOf,
  until,
  verdictsOf,
} from "../support/worker.ts";

const ID = "asking.Asking.test_";

/** Runs a test of `asking.py` up to its first question. */
async function ask(
  worker: LiveWorker,
  name: string,
): Promise<StatusEvent[]> {
  await worker.send("run", { body: `${ID}${name}\n` });
  return await worker.until("ask");
}

/** The output of the running test up to a text in it. */
async function output(
  worker: LiveWorker,
  end: string,
): Promise<StatusEvent[]> {
  let all = "";
  return await worker.untilEvent(({ fileName, fileBytes }) => {
    if (fileName === "stdout") all += text(fileBytes!);
    return all.includes(end);
  });
}

async function open(...args: string[]): Promise<LiveWorker> {
  const worker = startPython([...args, "asking"]);
  await worker.until("ready");
  return worker;
}

peerTest(
  "a debugger in a Python test is driven by input",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait");
    const asked = await ask(worker, "pdb");
    assertEquals(bodyOf(asked.at(-1)!), { test: `${ID}pdb`, prompt: "(Pdb) " });
    assertMatch(
      filesOf(asked).get(`${ID}pdb stdout`)!,
      /-> self\.assertEqual\(answer, 42\)\n\(Pdb\) $/,
    );
    await worker.type("p answer\n");
    assertEquals(
      filesOf(await worker.until("ask")).get(`${ID}pdb stdout`),
      "41\n(Pdb) ",
    );
    await worker.type("answer = 42\n");
    await worker.until("ask");
    await worker.type("continue\n");
    const end = await worker.until("done");
    assertEquals(statusesOf(end), [`${ID}pdb success`]);
  },
);

peerTest(
  "questions of Python tests are asked, line by line",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait");
    const asked = await ask(worker, "input");
    assertEquals(bodyOf(asked.at(-1)!).prompt, "Name? ");
    // Part of a line is no answer yet.
    await worker.type("A");
    await worker.until("ask");
    await worker.type("da\n");
    assertEquals(statusesOf(await worker.until("done")), [
      `${ID}input success`,
    ]);

    await ask(worker, "lines");
    await worker.type("a\n");
    await worker.until("ask");
    await worker.type("b\n");
    assertEquals(statusesOf(await worker.until("done")), [
      `${ID}lines success`,
    ]);

    await ask(worker, "read");
    await worker.type("all ");
    await worker.until("ask");
    await worker.type("of it", true);
    await worker.until("done");

    // Lines typed at once answer one question after another, without asking.
    await ask(worker, "lines");
    await worker.type("a\nb\n");
    const both = await worker.until("done");
    assertEquals(statusesOf(both), [`${ID}lines success`]);
    assertEquals(both.filter((event) => isReply(event, "ask")), []);
  },
);

peerTest(
  "a Python test that is typed to ahead does not ask",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait");
    await worker.send("run", { body: `${ID}ahead\n` });
    await output(worker, "waiting\n");
    await worker.type("a\nb\n");
    await worker.type("x".repeat(65536 - 3));
    const [error] = await worker.until("error");
    assertEquals(bodyOf(error).code, "no-reader");
    await worker.type("abc\n");
    await worker.send("signal", { body: "INT" });
    const events = await worker.until("done");
    assertEquals(statusesOf(events), [`${ID}ahead success`]);
    assertEquals(events.filter((event) => isReply(event, "ask")), []);
  },
);

peerTest(
  "processes of a Python test read what is typed",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait");
    await worker.send("run", { body: `${ID}process\n` });
    await worker.untilEvent(({ status }) => status === "inprogress");
    await worker.type("abc");
    assertEquals(statusesOf(await worker.until("done")), [
      `${ID}process success`,
    ]);
  },
);

peerTest(
  "end of input makes a Python test fail that asks",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait");
    for (const name of ["pdb", "input"]) {
      await ask(worker, name);
      await worker.type("", true);
      const end = await worker.until("done");
      assertEquals(statusesOf(end), [`${ID}${name} fail`]);
    }
    // It was the answer to one question: the next one waits again.
    await worker.send("run", { body: `${ID}input\n${ID}lines\n` });
    await worker.until("ask");
    await worker.type("", true);
    await worker.until("ask");
    await worker.type("a\nb\n");
    const end = await worker.until("done");
    assertEquals(statusesOf(end).at(-1), `${ID}lines success`);
  },
);

peerTest("without anybody to ask, a Python test gets the end of input", [
  "python3",
], async () => {
  for (const policy of [["--on-ask=eof"], []]) {
    await using worker = await open(...policy);
    const names = ["pdb", "input", "lines", "process", "plain"];
    const body = names.map((name) => `${ID}${name}\n`).join("");
    const events = await worker.run("run", { body });
    assertEquals(
      Object.fromEntries(verdictsOf(events)),
      Object.fromEntries(
        names.map((
          name,
        ) => [ID + name, [name === "plain" ? "success" : "fail"]]),
      ),
    );
    assertEquals(events.filter((event) => isReply(event, "ask")), []);
    // The question is in the report.
    assertMatch(filesOf(events).get(`${ID}pdb stdout`)!, /\(Pdb\) /);
    assertEquals(filesOf(events).get(`${ID}input stdout`), "Name? ");
  }
});

peerTest("a Python test that may not ask is ended, and others go on", [
  "python3",
], async () => {
  await using worker = await open("--on-ask=fail");
  const body = `${ID}input\n${ID}plain\n`;
  const events = await worker.run("run", { body });
  assertEquals(
    statusesOf(events).filter((it) => !it.endsWith(" inprogress")),
    [`${ID}input fail #lost`, `${ID}plain success`],
  );
  assertMatch(filesOf(events).get(`${ID}input worker`)!, /"Name\? "/);
  // Debugging is asking for questions.
  await worker.send("run", { body: `${ID}input\n`, tags: ["debug"] });
  await worker.until("ask");
  await worker.type("Ada\n");
  assertEquals(statusesOf(await worker.until("done")), [`${ID}input success`]);
});

peerTest(
  "an interrupt stops a Python test where it is",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait", "--timeout=0");
    await ask(worker, "stops");
    // At the prompt, it is the debugger that is interrupted.
    await worker.send("signal", { body: "INT" });
    const interrupted = await worker.until("ask");
    assertMatch(
      filesOf(interrupted).get(`${ID}stops stdout`)!,
      /--KeyboardInterrupt--/,
    );
    await worker.type("continue\n");
    await output(worker, "spinning\n");
    await worker.send("signal", { body: "INT" });
    const stopped = await worker.until("ask");
    assertMatch(
      filesOf(stopped).get(`${ID}stops stdout`)!,
      /Program interrupted[^]*\(Pdb\) $/,
    );
    await worker.type("self.spin = False\n");
    await worker.until("ask");
    await worker.type("continue\n");
    assertEquals(statusesOf(await worker.until("done")), [
      `${ID}stops success`,
    ]);

    // Without a debugger the test fails, and the others run.
    await worker.send("run", { body: `${ID}waits\n${ID}plain\n` });
    await output(worker, "waiting\n");
    await worker.send("signal", { body: "INT" });
    const end = await worker.until("done");
    assertEquals(statusesOf(end).filter((it) => !it.endsWith(" inprogress")), [
      `${ID}waits fail`,
      `${ID}plain success`,
    ]);
  },
);

peerTest("the clock stops while a Python test asks", ["python3"], async () => {
  await using worker = await open("--on-ask=wait", "--timeout=0.5");
  const asked = await ask(worker, "pdb");
  assert(asked.length > 0);
  // Another clock, of a worker that does not ask, runs out meanwhile.
  await using other = await open("--timeout=0.5");
  for (let count = 0; count < 2; count++) {
    const events = await other.run("run", { body: `${ID}waits\n` });
    assertMatch(
      filesOf(events).get(`${ID}waits worker`)!,
      /^timeout after 0\.5 s/,
    );
  }
  await worker.type("answer = 42\n");
  await worker.until("ask");
  await worker.type("continue\n");
  assertEquals(statusesOf(await worker.until("done")), [`${ID}pdb success`]);
});

peerTest(
  "nobody answers a Python test once the input has ended",
  ["python3"],
  async () => {
    await using worker = await open("--on-ask=wait", "--timeout=0");
    await ask(worker, "pdb");
    await worker.close();
    const events = await worker.rest();
    assertEquals(statusesOf(events), [`${ID}pdb fail`]);
    assertEquals(bodyOf(events.at(-1)!), { req: null, ran: 1, unrun: [] });
    assertEquals((await worker.status).code, 0);
    await until(() => worker.processes().length === 0);
  },
);
