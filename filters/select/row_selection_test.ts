import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { OUTCOMES, PacketDecoder, TEST_STATUSES } from "@subunit/codec";
import fc from "fast-check";
import {
  anyRun,
  type EventFields,
  noisyStream,
  pieces,
  stream,
} from "../../tests/support/streams.ts";
import { RowSelection } from "./row_selection.ts";
import {
  outcomeIn,
  type OutcomeOrExists,
  withoutTags,
  withTags,
} from "./rules.ts";
import { Selection } from "./selection.ts";

const SEED = 20130814;

/** What was taken: packets in hexadecimal, and whether they are selected. */
type Taken = [string, boolean][];

interface Shape {
  readonly outcomes: ReadonlySet<OutcomeOrExists>;
  readonly wanted: readonly string[] | undefined;
  readonly unwanted: readonly string[] | undefined;
  readonly followsParents: boolean;
}

function packetSelection(
  { outcomes, wanted, unwanted, followsParents }: Shape,
  taken: Taken,
): Selection {
  const others = [outcomeIn(outcomes)];
  if (wanted !== undefined) others.push(withTags(wanted));
  if (unwanted !== undefined) others.push(withoutTags(unwanted));
  return new Selection({
    rules: { names: [], others },
    followsParents,
    take: ({ bytes }, isSelected) => taken.push([bytes.toHex(), isSelected]),
    warn: (message) => taken.push([message, false]),
  });
}

/** Feeds pieces that are overwritten after their chunk. */
function feed(
  bytes: Uint8Array,
  size: number,
  take: (decoder: PacketDecoder) => void,
  endChunk: () => void,
): void {
  const decoder = new PacketDecoder();
  for (const piece of pieces(bytes, size)) {
    const lent = piece.slice();
    decoder.push(lent);
    take(decoder);
    endChunk();
    lent.fill(0x21);
  }
  decoder.end();
  take(decoder);
  endChunk();
}

function takenPlainly(bytes: Uint8Array, size: number, shape: Shape): Taken {
  const taken: Taken = [];
  const selection = packetSelection(shape, taken);
  feed(
    bytes,
    size,
    (decoder) =>
      decoder.drain((item) => {
        if (item.kind === "packet" && item.idAt >= 0) selection.add(item);
      }),
    () => selection.endChunk(),
  );
  selection.end();
  return taken;
}

function takenFast(bytes: Uint8Array, size: number, shape: Shape): Taken {
  const taken: Taken = [];
  const { outcomes, wanted = [], unwanted = [], followsParents } = shape;
  const hasTags = (tags: readonly string[]) =>
    wanted.every((tag) => tags.includes(tag)) &&
    !unwanted.some((tag) => tags.includes(tag));
  const isByTags = wanted.length + unwanted.length > 0;
  const selection = new RowSelection(packetSelection(shape, taken), {
    rules: { outcomes, ...(isByTags ? { hasTags } : {}) },
    followsParents,
    takeBytes: (source, _view, start, end, isSelected) =>
      taken.push([source.subarray(start, end).toHex(), isSelected]),
  });
  feed(
    bytes,
    size,
    (decoder) =>
      decoder.drainRows((rows) => {
        for (let i = 0; i < rows.count; i++) {
          if (rows.idAt(i) >= 0) selection.add(rows, i);
        }
      }, () => {}),
    () => selection.endChunk(),
  );
  selection.end();
  return taken;
}

/** Starts, files and ends of few tests, so that they meet. */
const meetingEvents: fc.Arbitrary<EventFields[]> = fc.array(
  fc.record({
    testId: fc.constantFrom("a", "b", "c", "", undefined),
    routeCode: fc.constantFrom(undefined, "0"),
    status: fc.constantFrom(...TEST_STATUSES, undefined),
    fileName: fc.constantFrom(undefined, undefined, "f"),
  }).map(({ fileName, ...event }) =>
    fileName === undefined
      ? event
      : { ...event, fileName, fileBytes: Uint8Array.of(1, 2) }
  ),
);

/** Tests whose last events have tags. */
const taggedEnds: fc.Arbitrary<EventFields[]> = fc.array(fc.record({
  status: fc.constantFrom("success", "fail", "exists", "skip"),
  tags: fc.constantFrom(undefined, [], ["net"], ["net", "slow"], ["slow"]),
})).map((ends) =>
  ends.flatMap((end, i): EventFields[] => [
    { testId: `${i}`, status: "inprogress" },
    { testId: `${i}`, ...end } as EventFields,
  ])
);

/** Many tests at a time; some packets are long, and some tests are lost. */
const manyOpen: fc.Arbitrary<EventFields[]> = fc.tuple(
  fc.integer({ min: 50, max: 300 }),
  fc.array(fc.nat(300), { maxLength: 300 }),
).map(([count, ended]) => {
  const named = (i: number) => ({
    testId: i % 50 === 7 ? `${i}`.padEnd(5000) : `test ${i}`,
  });
  return [
    ...Array.from({ length: count }, (_, i): EventFields => ({
      ...named(i),
      status: "inprogress",
    })),
    ...ended.map((i): EventFields =>
      i % 5 === 0
        ? { ...named(i), fileName: "f", fileBytes: Uint8Array.of(i & 255) }
        : { ...named(i), status: i % 2 === 0 ? "fail" : "success" }
    ),
  ];
});

/** More ended tests than are remembered before a subtest, then some subtests. */
const lateSubtests: fc.Arbitrary<EventFields[]> = fc.tuple(
  fc.integer({ min: 50, max: 400 }),
  fc.array(fc.nat(400), { maxLength: 10 }),
).map(([count, parents]) => [
  ...Array.from({ length: count }, (_, i): EventFields => ({
    testId: `p${i}`,
    status: i % 3 === 0 ? "fail" : "success",
  })),
  ...parents.map((parent, i): EventFields => ({
    testId: `s${i}`,
    status: "success",
    parentTestId: `p${parent}`,
  })),
]);

Deno.test(`RowSelection takes what Selection takes (seed ${SEED})`, () => {
  const part = fc.oneof(
    noisyStream,
    ...[
      meetingEvents,
      taggedEnds,
      manyOpen,
      lateSubtests,
      anyRun(),
      anyRun({ parents: true, maxTests: 20, routes: [undefined, "0"] }),
    ].map((events) => events.map((all) => stream(...all))),
  );
  const shape: fc.Arbitrary<Shape> = fc.record({
    outcomes: fc.subarray<OutcomeOrExists>([...OUTCOMES, "exists"])
      .map((all) => new Set(all)),
    wanted: fc.constantFrom(undefined, undefined, ["net"], ["net", "slow"]),
    unwanted: fc.constantFrom(undefined, undefined, ["slow"], ["a", "b"]),
    followsParents: fc.boolean(),
  });
  const size = fc.integer({ min: 20, max: 6000 });
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 4 }).map((parts) => concat(parts)),
      size,
      shape,
      (bytes, size, shape) => {
        assertEquals(
          takenFast(bytes, size, shape),
          takenPlainly(bytes, size, shape),
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});
