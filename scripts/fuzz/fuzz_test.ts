import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { TempDir } from "../../tests/support/run.ts";
import {
  FAILED,
  itemsIn,
  PASSED,
  stream,
} from "../../tests/support/streams.ts";
import { codecBreach, READERS } from "./codec_laws.ts";
import { fuzz } from "./fuzz.ts";
import {
  CORPUS,
  inputOf,
  Random,
  readInput,
  startingInputs,
} from "./inputs.ts";
import { countTests, packetsIn } from "./reader.ts";
import { shrink } from "./shrink.ts";
import { CALLS, DENO, type Runtime, toolBreach } from "./tool_laws.ts";

const SEED = 20130301;
const INPUT = stream("text\n", FAILED, PASSED);

/** A runtime on which every tool is a shell script. */
function broken(script: string): Runtime {
  return { name: "Broken", commandOf: () => ["sh", "-c", script] };
}

function callOf(tool: string, ...args: string[]) {
  return CALLS.find((call) =>
    call.tool === tool && call.args.join() === args.join()
  )!;
}

const IDENTITY = callOf("subunit-filter", "--keep-all");
const KEEPS = callOf("subunit-merge", "a=-");
const COUNTS = callOf("subunit-ls", "-c");

for (
  const [what, call, script, law] of [
    ["changes a byte", IDENTITY, "tr t T", "identity"],
    ["drops the last packet", KEEPS, "head -c 20", "no packet lost"],
    [
      "counts too few",
      COUNTS,
      "cat > /dev/null; echo 1; exit 1",
      "no packet lost",
    ],
    ["is green", COUNTS, "cat > /dev/null; echo 2", "no packet lost"],
    ["ends with another status", IDENTITY, "cat; exit 3", "no crash"],
    ["is killed", IDENTITY, "cat; kill -9 $$", "no crash"],
    [
      "prints a message of the engine",
      IDENTITY,
      "cat; echo 'x: Unexpected token' >&2",
      "no engine message",
    ],
    [
      "prints a stack trace",
      IDENTITY,
      "cat; echo '    at file:///a.ts:1:2' >&2",
      "no engine message",
    ],
  ] as const
) {
  Deno.test(`fuzz names the law when a tool ${what}`, async () => {
    const breach = await toolBreach(call, INPUT, [broken(script)]);
    assertEquals(breach?.law, law);
    assertStringIncludes(breach!.subject, `${call.tool} ${call.args[0]}`);
  });
}

Deno.test("fuzz names the law when the runtimes differ", async () => {
  const other = broken("cat; echo another message >&2");
  const breach = await toolBreach(IDENTITY, INPUT, [DENO, other]);
  assertEquals(breach?.law, "runtimes");
  assertEquals(
    await toolBreach(IDENTITY, INPUT, [DENO, broken("cat")]),
    undefined,
  );
});

for (
  const [what, read, law] of [
    [
      "drops the last packet",
      (chunks) => READERS.v2(chunks).slice(0, -1),
      "no packet lost",
    ],
    ["throws", () => JSON.parse("{"), "no crash"],
    [
      "depends on the chunks",
      (chunks) => READERS.v2(chunks.slice(0, 1)),
      "cuts",
    ],
    [
      "changes text",
      (chunks) =>
        READERS.v2(chunks).map((item) =>
          item instanceof Uint8Array ? item.map(() => 0) : item
        ),
      "identity",
    ],
  ] as [string, typeof READERS.v2, string][]
) {
  Deno.test(`fuzz names the law when a decoder ${what}`, () => {
    const readers = { ...READERS, v2: read };
    const input = { format: "v2", bytes: INPUT } as const;
    assertEquals(codecBreach(input, new Random(SEED), READERS), undefined);
    assertEquals(codecBreach(input, new Random(SEED), readers)?.law, law);
  });
}

Deno.test("fuzz prints a broken law once, with a small input to see it again", async () => {
  using dir = new TempDir();
  const printed: string[] = [];
  const v2: typeof READERS.v2 = (chunks) => {
    if (concat([...chunks]).includes(0xb3)) throw new Error("planted");
    return [];
  };
  const setup = {
    readers: { ...READERS, v2 },
    calls: [],
    runtimes: [],
    folder: dir.path,
    print: (text: string) => printed.push(text),
  };
  assert(await fuzz(setup, 1, SEED) > 0);
  const [finding] = printed.filter((text) => text.includes("planted"));
  const [, path] = /deno task fuzz '(.*\.v2)'/.exec(finding)!;
  assertStringIncludes(finding, `"no crash" is broken by v2: Error: planted`);
  assertEquals(Deno.readFileSync(path), Uint8Array.of(0xb3));
  assertEquals(printed.join().split("planted").length, 2);
  assertStringIncludes(printed.at(-1)!, `seed ${SEED}: `);
});

Deno.test("a seed makes the same inputs, of which many are damaged", () => {
  const inputs = (seed: number) => {
    const starting = startingInputs(seed);
    return Array.from(
      { length: 300 },
      (_, i) => inputOf(new Random(seed + i), starting),
    );
  };
  const first = inputs(SEED);
  assertEquals(inputs(SEED), first);
  const damaged = first.filter(({ bytes }) =>
    itemsIn(bytes).some(({ kind }) => kind === "damage")
  );
  assert(damaged.length > 30 && damaged.length < 270, `${damaged.length}`);
});

Deno.test("the plain reader finds packets and counts their tests", () => {
  const lost = stream({ testId: "lost", status: "inprogress" });
  const packets = packetsIn(concat([INPUT, lost.subarray(1), lost]));
  assertEquals(packets.map(({ id }) => id), ["failed", "passed", "lost"]);
  const none = { skip: 0, uxsuccess: 0, xfail: 0 };
  assertEquals(countTests(packets), { ...none, lost: 1, success: 1, fail: 1 });
});

Deno.test("the plain reader takes no checksum for half a character", () => {
  const { bytes } = readInput(`${CORPUS}/fields_behind_a_crc.v2`);
  assertEquals(packetsIn(bytes).map(({ id }) => id), ["0", "a"]);
  const packet = bytes.subarray(packetsIn(bytes)[1].start);
  assertEquals(packetsIn(concat([Uint8Array.of(0xd6), packet])), []);
});

Deno.test("shrink leaves what breaks the law", async () => {
  const bytes = new Uint8Array(1000);
  bytes.set([0xb3, 1], 567);
  const breaks = (bytes: Uint8Array) =>
    bytes.includes(0xb3) && bytes.includes(1);
  assertEquals(await shrink(bytes, breaks, 1000), Uint8Array.of(0xb3, 1));
});
