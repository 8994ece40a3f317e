import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  encodePacket,
  type EventInput,
  PacketDecoder,
  parseTimestamp,
} from "@subunit/codec";
import { createHash } from "../../kit/runtime/builtin.ts";
import {
  countOutcomes,
  decodeDigest,
  decodeNames,
  decodeSeconds,
  encodeDigest,
  encodeNames,
  hasOutcome,
  outcomeOf,
  RUN_FLAG,
  secondsAt,
  TEST_BIT,
} from "./digest.ts";
import { DigestBuilder, type RunContent } from "./digest_builder.ts";

const sha256 = (bytes: Uint8Array) =>
  createHash("sha256").update(bytes).digest("hex");

function contentOf(
  events: readonly (EventInput | string)[],
  byRoute = false,
): RunContent {
  const bytes = concat(
    events.map((event) =>
      typeof event === "string"
        ? new TextEncoder().encode(event)
        : encodePacket(event)
    ),
  );
  const builder = new DigestBuilder(byRoute), decoder = new PacketDecoder();
  const drain = () =>
    decoder.drainRows(
      (rows) => builder.addRows(rows),
      (item) => builder.addOther(item),
    );
  decoder.push(bytes);
  drain();
  decoder.end();
  drain();
  const content = builder.end();
  assertEquals(content.bytes, bytes.length);
  return content;
}

const at = (second: number) => parseTimestamp(`2026-11-27T12:00:0${second}Z`);

/** Tests in a few words: "b fail", "a success several disagree". */
function shown({ ids, tests }: RunContent): string[] {
  return ids.map((id, i) => {
    const words = [id, outcomeOf(tests[i])];
    if (tests[i] & TEST_BIT.SEVERAL) words.push("several");
    if (tests[i] & TEST_BIT.DISAGREE) words.push("disagree");
    if (tests[i] & TEST_BIT.QUARANTINED) words.push("quarantined");
    if (tests[i] & TEST_BIT.NOT_RUNNABLE) words.push("not runnable");
    return words.join(" ");
  });
}

Deno.test("encodeDigest writes the documented bytes", async () => {
  const names = await encodeNames(["a", "é"], sha256);
  assertEquals(names.bytes.toHex(), "6100c3a900");
  const bytes = encodeDigest({
    namesId: names.id,
    tests: Uint8Array.of(3, 6 | TEST_BIT.SEVERAL),
    seconds: Float32Array.of(0.5, NaN),
    flags: RUN_FLAG.WIDE,
    bytes: 258,
    first: 1_000_000,
    last: undefined,
    lost: 1,
    suite: 0x12345678,
  });
  assertEquals(
    bytes.toHex(),
    "5355424447535432" + "02000000" + "02000000" +
      sha256(Uint8Array.fromHex("6100c3a900")).slice(0, 32) +
      "0201000000000000" + "40420f0000000000" + "0000000000000080" +
      "01000000" + "78563412" + "030e" + "0000" + "0000003f" + "0000c07f",
  );
  const digest = decodeDigest(bytes)!;
  assertEquals(digest.bytes, 258);
  assertEquals([digest.first, digest.last], [1_000_000, undefined]);
  assertEquals([...digest.tests], [3, 14]);
  assertEquals([...decodeSeconds(bytes.subarray(secondsAt(2)))], [0.5, NaN]);
  const list = await decodeNames(names.bytes, digest.namesId, sha256);
  assertEquals(list?.ids, ["a", "é"]);
});

Deno.test("a digest that is cut at any byte is none", async () => {
  const bytes = encodeDigest({
    namesId: "00".repeat(16),
    tests: Uint8Array.of(3, 3, 3),
    seconds: Float32Array.of(1, 2, 3),
    flags: 0,
    bytes: 1,
    first: 1,
    last: 2,
    lost: 0,
  });
  for (let length = 0; length < bytes.length; length++) {
    assertEquals(decodeDigest(bytes.subarray(0, length)), undefined);
  }
  const names = await encodeNames(["abc", "d"], sha256);
  for (let length = 0; length < names.bytes.length; length++) {
    const cut = names.bytes.subarray(0, length);
    assertEquals(await decodeNames(cut, names.id, sha256), undefined);
  }
});

Deno.test("DigestBuilder keeps the decisive outcome, and that attempts disagree", () => {
  const content = contentOf([
    "text\n",
    { testId: "b", status: "inprogress", timestamp: at(1) },
    { testId: "b", status: "fail", timestamp: at(2) },
    { testId: "b", status: "inprogress", timestamp: at(3), routeCode: "1" },
    { testId: "b", status: "success", timestamp: at(6), routeCode: "1" },
    { testId: "a", status: "exists" },
    { testId: "c", status: "exists" },
    { testId: "c", status: "xfail", tags: ["quarantined"] },
    { testId: "exit", status: "exists", runnable: false },
    { testId: "d", status: "inprogress", timestamp: at(4) },
    { testId: "subunit.run", status: "exists", runnable: false },
    { testId: "f", status: "fail", tags: ["fault:1-h2ffvs7z1vc6dbmr"] },
  ]);
  assertEquals(shown(content), [
    "a exists",
    "b success several disagree",
    "c xfail quarantined",
    "d lost",
    "exit exists",
    "f fail",
  ]);
  assertEquals([...content.tests.subarray(4, 5)], [0]);
  assertEquals([...content.seconds.subarray(1, 2)], [3]);
  assertEquals(content.flags, RUN_FLAG.FAULTS);
  assertEquals(content.lost, 1);
  assertEquals(content.last! - content.first!, 5_000_000);
});

Deno.test("DigestBuilder keeps whether the decisive attempt is runnable", () => {
  const content = contentOf([
    { testId: "a", status: "success" },
    { testId: "a", status: "fail", runnable: false },
    { testId: "b", status: "fail", runnable: false },
    { testId: "b", status: "success" },
    { testId: "lost", status: "inprogress", runnable: false },
    { testId: "make: exit status", status: "fail", runnable: false },
  ]);
  assertEquals(shown(content), [
    "a fail several disagree not runnable",
    "b success several disagree",
    "lost lost not runnable",
    "make: exit status fail not runnable",
  ]);
});

Deno.test("of attempts that overlap, the one that started last is decisive", () => {
  const content = contentOf([
    { testId: "a", status: "inprogress", timestamp: at(1), routeCode: "0" },
    { testId: "a", status: "inprogress", timestamp: at(2), routeCode: "1" },
    { testId: "a", status: "success", timestamp: at(3), routeCode: "1" },
    { testId: "a", status: "fail", timestamp: at(4), routeCode: "0" },
    // Lost, and run again by another worker.
    { testId: "b", status: "inprogress", timestamp: at(1), routeCode: "0" },
    { testId: "b", status: "inprogress", timestamp: at(5), routeCode: "1" },
    { testId: "b", status: "success", timestamp: at(6), routeCode: "1" },
  ]);
  assertEquals(shown(content), [
    "a success several disagree",
    "b success several disagree",
  ]);
});

Deno.test("an attempt that is skipped repairs nothing", () => {
  const content = contentOf([
    { testId: "a", status: "fail", timestamp: at(1) },
    { testId: "a", status: "skip", timestamp: at(2) },
    { testId: "b", status: "skip", timestamp: at(3) },
    { testId: "b", status: "fail", timestamp: at(2) },
    { testId: "c", status: "skip", timestamp: at(1) },
    { testId: "c", status: "skip", timestamp: at(2) },
  ]);
  assertEquals(shown(content), [
    "a fail several disagree",
    "b fail several disagree",
    "c skip several",
  ]);
});

Deno.test("by route, tests of different workers are different tests", () => {
  const { ids, routes, tests } = contentOf([
    { testId: "a", status: "fail", routeCode: "py3/0" },
    { testId: "a", status: "success", routeCode: "py4/0" },
    { testId: "a", status: "success", routeCode: "py4/1" },
    { testId: "a", status: "success" },
    { testId: "b", status: "inprogress", routeCode: "py3/1" },
  ], true);
  assertEquals(
    ids.map((id, i) => `${id} ${routes[i]} ${outcomeOf(tests[i])}`),
    [
      "a undefined success",
      "a py3 fail",
      "a py4 success",
      "b py3 lost",
    ],
  );
});

Deno.test("names are in the order of their bytes", () => {
  const { ids } = contentOf(
    ["\uff5e", "😀", "b", "", "a/b", "a"].map((testId) => ({
      testId,
      status: "success",
    })),
  );
  assertEquals(ids, ["", "a", "a/b", "b", "\uff5e", "😀"]);
});

Deno.test("countOutcomes counts the tests that have one, at any place", () => {
  const bytes = Uint8Array.from({ length: 521 }, (_, i) => i * 77 + (i >> 3));
  for (let from = 0; from < 5; from++) {
    for (const to of [from, from + 1, from + 3, 256, 519, 520, 521]) {
      const tests = bytes.subarray(from, to);
      assertEquals(countOutcomes(tests), tests.filter(hasOutcome).length);
    }
  }
});
