import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodePacket, type Packet, PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import { UsageError } from "../../kit/errors.ts";
import { channelTo } from "../../../tests/support/fault_sync.ts";
import { isCi } from "../../../tests/support/run.ts";
import { encodeEvent, eventId, idsIn } from "./event.ts";
import { forEachEvent, Redactions } from "./merge.ts";
import type { LogSource } from "./reader.ts";
import {
  encodeMessage,
  type SyncChannel,
  SyncClient,
  type SyncLog,
  type SyncResult,
  SyncServer,
} from "./sync.ts";
import { sshCommand } from "./sync_command.ts";
import { IdTrie } from "./trie.ts";

const SEED = 20261128;

/** A log in memory. */
class Log implements LogSource {
  readonly packets: Uint8Array[];

  constructor(packets: readonly Uint8Array[]) {
    this.packets = [...packets];
  }

  forEachRows: LogSource["forEachRows"] = (takeRows, takeOther) => {
    const decoder = new PacketDecoder();
    decoder.push(concat(this.packets));
    decoder.end();
    decoder.drainRows(takeRows, takeOther);
  };

  append = (packets: readonly Uint8Array[]): number => {
    const known = new Set(this.set());
    const { packets: all } = new Log([...this.packets, ...packets]);
    const redactions = new Redactions().addAll(new Log(all));
    let count = 0;
    forEachEvent(new Log(packets), (packet) => {
      const hex = packet.bytes.toHex();
      if (known.has(hex) || redactions.has(packet)) return;
      known.add(hex);
      this.packets.push(packet.bytes.slice());
      count++;
    });
    return count;
  };

  set(): string[] {
    const redactions = new Redactions().addAll(this);
    const set = new Set<string>();
    forEachEvent(this, (packet) => {
      if (!redactions.has(packet)) set.add(packet.bytes.toHex());
    });
    return [...set].sort();
  }

  /** What of it a test of faults chooses. */
  part(isChosen?: (fault: string) => boolean): SyncLog {
    return {
      source: this,
      isChosen: isChosen && ((rows, i) => isChosen(rows.packet(i).testId!)),
    };
  }
}

/** Lets two ends talk; the question is whatever the log to choose from is. */
function talk(
  mine: Log,
  theirs: Log,
  { where, pushes = true, pulls = true, choose, partBytes }: {
    partBytes?: number;
    where?: string;
    pushes?: boolean;
    pulls?: boolean;
    choose?: (log: Log) => (fault: string) => boolean;
  } = {},
): Promise<SyncResult> {
  const channel = channelTo((answer) =>
    new SyncServer(
      () => theirs.part(choose?.(theirs)),
      theirs.append,
      answer,
      partBytes,
    )
  );
  const client = new SyncClient(
    channel,
    mine.part(choose?.(mine)),
    mine.append,
    partBytes,
  );
  const now = { seconds: 1, nanoseconds: 0 };
  return client.run({ where, now, pushes, pulls });
}

const COMMENTS = Array.from(
  { length: 400 },
  (_, i) => encodeEvent({ fault: `fault:${i % 7}`, kind: "comment", value: i }),
);
const REDACTIONS = COMMENTS.slice(0, 20).map((packet, i) =>
  encodeEvent({
    fault: `fault:${i % 7}`,
    kind: "redact",
    redacts: [eventId(packet)],
  })
);
const EVENTS = [...COMMENTS, ...REDACTIONS];

const parts = fc.tuple(
  fc.array(fc.nat(3), { minLength: EVENTS.length, maxLength: EVENTS.length }),
  fc.constantFrom([0, 0, 1, 2], [0, 0, 0, 0], [1, 2, 1, 2], [0, 1, 1, 1]),
).map(([kinds, meaning]) => {
  const in_ = (who: number) =>
    EVENTS.filter((_, i) => {
      const kind = meaning[kinds[i]];
      return kind === 0 || kind === who;
    });
  return [new Log(in_(1)), new Log(in_(2))];
});

/** Less than an event, some of them, or all at once. */
const partLengths = fc.constantFrom(1, 1000, undefined);

Deno.test("sync makes two logs equal, or one contain the other", async () => {
  await fc.assert(
    fc.asyncProperty(
      parts,
      fc.nat(2),
      partLengths,
      async ([a, b], direction, partBytes) => {
        const union = new Log([...a.packets, ...b.packets]).set();
        const beforeA = a.packets.length, beforeB = b.packets.length;
        const { pulled, pushed } = await talk(a, b, {
          pushes: direction !== 1,
          pulls: direction !== 2,
          partBytes,
        });
        assertEquals(a.packets.length - beforeA, pulled);
        assertEquals(b.packets.length - beforeB, pushed);
        if (direction !== 2) assertEquals(a.set(), union);
        if (direction !== 1) assertEquals(b.set(), union);
        if (direction !== 0) return;
        const again = await talk(a, b);
        assertEquals([again.pulled, again.pushed, again.rounds], [0, 0, 1]);
      },
    ),
    { seed: SEED, numRuns: isCi ? 200 : 10 },
  );
});

Deno.test("sync of some faults gives both ends the whole of what either chose", async () => {
  // A fault is closed at one end, which then does not choose it any more.
  const open = encodeEvent({ fault: "fault:a", kind: "title", value: "x" });
  const closed = encodeEvent({
    fault: "fault:a",
    kind: "state",
    state: "success",
  });
  const other = encodeEvent({ fault: "fault:b", kind: "title", value: "y" });
  const choose = (log: Log) => {
    const isClosed = log.set().includes(closed.toHex());
    return (fault: string) => fault === "fault:a" && !isClosed;
  };
  for (
    const [mine, theirs] of [[[open], [open, closed, other]], [[
      open,
      closed,
      other,
    ], [open]]]
  ) {
    const a = new Log(mine), b = new Log(theirs);
    await talk(a, b, { where: "state:fail", choose });
    for (const log of [a, b]) {
      assert(log.set().includes(closed.toHex()));
    }
    const small = mine.length === 1 ? a : b;
    assert(!small.set().includes(other.toHex()));
  }
});

Deno.test("sync asks little where little differs", async () => {
  const many = Array.from(
    { length: isCi ? 20_000 : 4000 },
    (_, i) => encodeEvent({ fault: `fault:${i}`, kind: "comment", value: i }),
  );
  const a = new Log(many), b = new Log(many.slice(1));
  const { rounds, answerBytes, pushed } = await talk(a, b);
  assertEquals(pushed, 1);
  assert(rounds <= 6, `${rounds} rounds`);
  assert(answerBytes < 3000, `${answerBytes} bytes`);
});

Deno.test("sync refuses what is not of its protocol", () => {
  const log = new Log(COMMENTS);
  const server = () => new SyncServer(() => log.part(), log.append, () => {});
  const cases: unknown[][] = [
    ["hello", 2, null, 1],
    ["ask", [""]],
    ["hello"],
    ["nonsense"],
    [],
  ];
  const send = (to: SyncServer, message: unknown[]) => {
    const decoder = new PacketDecoder();
    decoder.push(encodeMessage(...message as string[]));
    decoder.drain((item) => item.kind === "packet" && to.take(item));
  };
  for (const message of cases) {
    assertThrows(() => send(server(), message), Error, "is not expected");
  }
  for (
    const message of [["ask", ["xyz"]], ["ask", 1], ["want", [], 1], [
      "want",
      [],
      new Uint8Array(3),
    ], ["ids", [1]]]
  ) {
    const ready = server();
    send(ready, ["hello", 1, null, 1]);
    assertThrows(() => send(ready, message), Error, "is not expected");
  }
});

Deno.test("sync ends with another end that knows no end of parts", async () => {
  const log = new Log(COMMENTS), sums = new Uint8Array(16 * 16);
  const answers: Packet[] = [
    encodeMessage("root", 1, new Uint8Array(16)),
    ...Array.from(
      { length: 40 },
      () => encodeMessage("nodes", [[Array(16).fill(99), sums]]),
    ),
  ].map((bytes) => decodePacket(bytes));
  const channel: SyncChannel = {
    send: () => Promise.resolve(),
    receive: () => Promise.resolve(answers.shift()),
  };
  const one = new Log([COMMENTS[0]]);
  await assertRejects(
    () =>
      new SyncClient(channel, one.part(), log.append).run({
        where: undefined,
        now: { seconds: 1, nanoseconds: 0 },
        pushes: true,
        pulls: true,
      }),
    Error,
    "is not expected",
  );
  assert(answers.length < 10, `${answers.length}`);
});

Deno.test("IdTrie finds ranges and sums as a list does", () => {
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const ids = fc.uniqueArray(
    fc.oneof(
      id,
      fc.constantFrom(0, 255).map((byte) => new Uint8Array(16).fill(byte)),
    ),
    { selector: (bytes) => bytes.toHex(), maxLength: 60 },
  );
  const prefix = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), maxLength: 4 }),
    fc.constantFrom("f".repeat(31), "f".repeat(32), "0".repeat(32)),
  );
  fc.assert(
    fc.property(ids, prefix, (ids, prefix) => {
      const trie = new IdTrie(concat(ids));
      const range = trie.range(prefix);
      const expected = ids.map((bytes) => bytes.toHex())
        .filter((hex) => hex.startsWith(prefix)).sort();
      assertEquals(idsIn(trie.bytes(range)), expected);
      const sum = expected.reduce((sum, hex) => sum + BigInt(`0x${hex}`), 0n);
      const modulo = (sum % (1n << 128n)).toString(16).padStart(32, "0");
      assertEquals(trie.sum(range).toHex(), modulo);
    }),
    { seed: SEED },
  );
});

Deno.test("sshCommand makes no option and no shell word of an address", () => {
  assertEquals(sshCommand("ssh://ann@host:22/a b'c.faults"), [
    "ssh",
    "-p",
    "22",
    "--",
    "ann@host",
    "fault-log",
    "sync",
    "'/a b'\\''c.faults'",
  ]);
  for (
    const address of [
      "host:/x",
      "ssh://host",
      "ssh://-oProxyCommand=x/y",
      "ssh://ann@-x/y",
      "ssh://-ann@x/y",
      "ssh:///x",
    ]
  ) {
    assertThrows(() => sshCommand(address), UsageError, "Cannot sync with");
  }
});
