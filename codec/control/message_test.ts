import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { packet } from "../_testing/events.ts";
import type { StatusEvent } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { PacketDecoder } from "../v2/decoder.ts";
import { decodePacket, type Packet } from "../v2/packet.ts";
import { popRoute, pushRoute, RouteElement } from "../v2/route.ts";
import {
  COMMANDS,
  CONTROL_TYPE,
  ControlReader,
  encodeControl,
  encodeStdin,
  isControl,
  isControlRow,
  isStdin,
  REPLIES,
} from "./message.ts";
import { idsBody } from "./bodies.ts";

const SEED = 20260716;

/** "TYPE" stands for the MIME type with its length, as in the contract. */
function hex(text: string): string {
  const type = new TextEncoder().encode(CONTROL_TYPE);
  const field = type.length.toString(16).padStart(2, "0") + type.toHex();
  return text.replaceAll(" ", "").replace("TYPE", field);
}

// The test server's contract, "Bytes".
const LIST = hex("b3 2070 2c TYPE 04 6c697374 00 0b005d28");
const RUN_BODY =
  "0d 737562756e69742e7265712e37 01 0a 74696d656f75743d3330 TYPE 03 72756e 08 612e740a622e740a";
const RUN = hex(`b3 2cf0 4052 ${RUN_BODY} 03 312f30 b45bda13`);
const RUN_AT_0 = hex(`b3 2cf0 4050 ${RUN_BODY} 01 30 c6e0614d`);
const RUN_HERE = hex(`b3 28f0 404e ${RUN_BODY} eb8ef9c2`);
const STDIN = hex("b3 2440 17 05 737464696e 04 7020780a 03 312f30 46c1a52a");
const ASK_BODY = '{"test":"a.t","prompt":"(Pdb) "}';
const ASK = hex(
  `b3 2470 4050 TYPE 03 61736b 20 ${
    new TextEncoder().encode(ASK_BODY).toHex()
  } 03 312f30 5117f6b6`,
);

Deno.test("encodeControl and encodeStdin write the bytes of the contract", () => {
  assertEquals(encodeControl({ word: "list" }).toHex(), LIST);
  const run = encodeControl({
    word: "run",
    request: "subunit.req.7",
    options: ["timeout=30"],
    body: idsBody(["a.t", "b.t"]),
    routeCode: "1/0",
  });
  assertEquals(run.toHex(), RUN);
  assertEquals(run.length, 82);
  const input = new TextEncoder().encode("p x\n");
  assertEquals(encodeStdin(input, { routeCode: "1/0" }).toHex(), STDIN);
  const ask = encodeControl({ word: "ask", body: ASK_BODY, routeCode: "1/0" });
  assertEquals(ask.toHex(), ASK);
});

Deno.test("popRoute and pushRoute move the bytes of the contract", () => {
  const down = (text: string) =>
    popRoute(decodePacket(Uint8Array.fromHex(text)))?.toHex();
  assertEquals(down(RUN), RUN_AT_0);
  assertEquals(down(RUN_AT_0), RUN_HERE);
  assertEquals(down(RUN_HERE), undefined);
  const up = (text: string, name: string) =>
    pushRoute(decodePacket(Uint8Array.fromHex(text)), new RouteElement(name))
      .toHex();
  assertEquals(up(RUN_HERE, "0"), RUN_AT_0);
  assertEquals(up(RUN_AT_0, "1"), RUN);
});

Deno.test("isControl and isControlRow recognize messages only", () => {
  const control: Partial<StatusEvent> = {
    fileName: "x",
    fileBytes: new Uint8Array(0),
    mimeType: CONTROL_TYPE,
    runnable: false,
  };
  const cases: [change: Partial<StatusEvent>, expected: boolean][] = [
    [{}, true],
    [{ testId: "a", tags: ["b"], routeCode: "0", eof: true }, true],
    [{ timestamp: { seconds: 1, nanoseconds: 2 }, parentTestId: "p" }, true],
    [{ runnable: true }, false],
    [{ status: "exists" }, false],
    [{ status: "fail" }, false],
    [{ mimeType: `${CONTROL_TYPE}s` }, false],
    [{ mimeType: CONTROL_TYPE.replace("x-", "y-") }, false],
    [{ mimeType: undefined }, false],
    [{ fileName: undefined, fileBytes: undefined }, false],
  ];
  for (const [change, expected] of cases) {
    const event = packet({ ...control, ...change });
    assertEquals(isControl(event), expected);
    const decoder = new PacketDecoder();
    decoder.push(event.bytes);
    let isControlled: boolean | undefined;
    decoder.drainRows((rows) => {
      isControlled = isControlRow(rows, 0);
    }, () => {});
    assertEquals(isControlled, expected);
  }
  for (const word of [...COMMANDS, ...REPLIES]) {
    assert(isControl(decodePacket(encodeControl({ word }))));
  }
  fc.assert(
    fc.property(arbitraryEvent, (event) => !isControl(packet(event))),
    { seed: SEED },
  );
});

Deno.test("isStdin recognizes standard input only", () => {
  const input = decodePacket(encodeStdin(new Uint8Array(1), { eof: true }));
  assert(isStdin(input) && input.eof && !isControl(input));
  const changes: Partial<StatusEvent>[] = [
    { testId: "a" },
    { runnable: true },
    { mimeType: "text/plain" },
    { fileName: "stdout" },
    { status: "exists" },
  ];
  for (const change of changes) {
    assert(!isStdin({ ...input.toEvent(), ...change }));
  }
});

/** The messages in a stream of nothing else. */
function messagesIn(bytes: Uint8Array, reader = new ControlReader()) {
  const decoder = new PacketDecoder();
  decoder.push(bytes);
  decoder.end();
  const messages: ReturnType<ControlReader["add"]>[] = [];
  decoder.drain((item) => {
    assert(item.kind === "packet" && isControl(item));
    const message = reader.add(item);
    if (message !== undefined) messages.push(message);
  });
  return messages;
}

Deno.test("ControlReader joins the parts of long bodies", () => {
  const body = new Uint8Array(9_000_000).map((_, i) => i % 251);
  const packets = encodeControl({ word: "run", request: "r", body });
  const [message, ...others] = messagesIn(packets);
  assertEquals(others, []);
  assert(message!.body.every((byte, i) => byte === body[i]));
  assertEquals(message!.body.length, body.length);
  assertEquals(message!.request, "r");
  // Every part is recognized by itself, and holds a part of the limit.
  const decoder = new PacketDecoder();
  decoder.push(packets);
  const parts: Packet[] = [];
  decoder.drain((item) => {
    if (item.kind === "packet") parts.push(item.copy());
  });
  assertEquals(parts.map(isControl), [true, true, true]);
  assertEquals(parts.map(({ eof }) => eof), [false, false, true]);
});

Deno.test("ControlReader keeps messages apart that alternate", () => {
  const part = (
    request: string,
    routeCode: string,
    text: string,
    eof = false,
  ) =>
    packet({
      testId: request,
      routeCode,
      fileName: "run",
      fileBytes: new TextEncoder().encode(text),
      mimeType: CONTROL_TYPE,
      runnable: false,
      eof,
      tags: ["x"],
    });
  const reader = new ControlReader();
  const read = [
    part("1", "0", "a"),
    part("2", "0", "b"),
    part("1", "1", "c"),
    part("2", "0", "d", true),
    part("1", "0", "e", true),
    part("1", "1", "", true),
    part("1", "0", "again", true),
  ].flatMap((event) => reader.add(event) ?? []);
  assertEquals(
    read.map(({ request, routeCode, body, options }) =>
      `${request} ${routeCode} ${new TextDecoder().decode(body)} ${options}`
    ),
    ["2 0 bd x", "1 0 ae x", "1 1 c x", "1 0 again x"],
  );
});

Deno.test("ControlReader leaves out bodies for which there is no room", () => {
  const reader = new ControlReader({ maxHeldBytes: 10 });
  const control = (body: string) => encodeControl({ word: "ping", body });
  const read = (body: string) => {
    const [message] = messagesIn(control(body), reader);
    return [message!.isTooLong, message!.body.length];
  };
  assertEquals(read("x".repeat(10)), [false, 10]);
  assertEquals(read("x".repeat(11)), [true, 0]);
  assertEquals(read("x"), [false, 1]);
  // Messages in progress share the room.
  const part = (request: string, length: number, eof = false) =>
    reader.add(packet({
      testId: request,
      fileName: "run",
      fileBytes: new Uint8Array(length),
      mimeType: CONTROL_TYPE,
      runnable: false,
      eof,
    }));
  assertEquals(part("1", 6), undefined);
  assertEquals(part("2", 4), undefined);
  assertEquals(part("2", 1), undefined);
  assertEquals(part("1", 4, true)!.body.length, 10);
  assertEquals(part("2", 1, true)!.isTooLong, true);
  assertEquals(part("2", 10, true)!.isTooLong, false);
});

Deno.test("ControlReader owns the bytes of its messages", () => {
  const bytes = encodePacket({
    fileName: "ping",
    fileBytes: new TextEncoder().encode("body"),
    mimeType: CONTROL_TYPE,
    runnable: false,
    eof: true,
  });
  const message = new ControlReader().add(decodePacket(bytes));
  bytes.fill(0);
  assertEquals(new TextDecoder().decode(message!.body), "body");
});

Deno.test("encodeControl refuses what no packet can hold", () => {
  assertThrows(
    () => encodeControl({ word: "run", request: "a\0b" }),
    RangeError,
    "NUL",
  );
});
