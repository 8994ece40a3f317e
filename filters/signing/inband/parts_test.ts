import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import {
  damaged,
  file,
  itemsIn,
  noisyStream,
  stream,
} from "../../../tests/support/streams.ts";
import { isSignaturePacket } from "./manifest.ts";
import { Parts } from "./parts.ts";

const SEED = 20260101;

const SIGNATURE = {
  testId: "signature",
  status: "exists",
  mimeType: "application/pgp-signature",
  fileName: "signature",
  fileBytes: new Uint8Array(500),
} as const;

/** Signature packets, short and long, and what only looks like them. */
const anyPiece = fc.oneof(
  noisyStream,
  fc.constantFrom(
    stream(SIGNATURE),
    stream({ ...SIGNATURE, routeCode: "1" }),
    stream({ ...SIGNATURE, fileBytes: new Uint8Array(5000) }),
    stream({ ...SIGNATURE, mimeType: "text/plain" }),
    stream({ ...SIGNATURE, testId: "signaturf" }),
    stream({ testId: "signature", status: "success" }),
    damaged(SIGNATURE),
    ...Array.from({ length: 2 }, () => stream("text\n")),
  ),
);

/** What parts are: bytes that follow one another are joined. */
function shown(parts: readonly (Uint8Array | { bytes: Uint8Array })[]) {
  const shown: [kind: string, bytes: string][] = [];
  for (const part of parts) {
    const isBytes = part instanceof Uint8Array;
    const text = (isBytes ? part : part.bytes).toHex();
    const last = shown.at(-1);
    if (isBytes && last?.[0] === "bytes") last[1] += text;
    else shown.push([isBytes ? "bytes" : "signature", text]);
  }
  return shown;
}

Deno.test("Parts are the items, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(anyPiece, { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      (parts, places) => {
        const bytes = concat(parts);
        const cuts = places.map((place) => place % (bytes.length + 1))
          .sort((a, b) => a - b);
        const decoder = new PacketDecoder();
        const found = new Parts();
        const all: (Uint8Array | { bytes: Uint8Array })[] = [];
        const drain = () => {
          decoder.drainRows(
            (rows) => found.addRows(rows),
            (item) => found.addOther(item),
          );
          for (const part of found.take()) {
            all.push(
              part instanceof Uint8Array
                ? part.slice()
                : { bytes: part.bytes.slice() },
            );
          }
        };
        for (const [i, from] of [0, ...cuts].entries()) {
          decoder.push(bytes.slice(from, cuts[i] ?? bytes.length));
          drain();
        }
        decoder.end();
        drain();
        assertEquals(
          shown(all),
          shown(
            itemsIn(bytes).map((item) =>
              isSignaturePacket(item) ? item : item.bytes
            ),
          ),
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("Parts are one part where nothing signs", () => {
  const bytes = stream(
    ...Array.from({ length: 1000 }, (_, i) => file(`${i}`, "text")),
  );
  const decoder = new PacketDecoder();
  const parts = new Parts();
  decoder.push(bytes);
  decoder.drainRows(
    (rows) => parts.addRows(rows),
    (item) => parts.addOther(item),
  );
  assertEquals(parts.take(), [bytes]);
  assertEquals(parts.take(), []);
});
