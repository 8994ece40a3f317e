/**
 * The commands of fault-log about signatures.
 *
 * @module
 */

import { UsageError } from "../../kit/errors.ts";
import { writeNewFile } from "../../kit/io/new_file.ts";
import { SIGNATURES } from "../../kit/stream/fault_tag.ts";
import { ToolError, type ToolIO } from "../../kit/tool/tool.ts";
import { KeySigner } from "../../signing/signer.ts";
import { appendEvents } from "./append.ts";
import { oneLog, timeOf } from "./commands.ts";
import { canonicalBytes, decodeEvent } from "./event.ts";
import { LogFiles, reportStrange } from "./log_file.ts";
import { forEachEvent } from "./merge.ts";
import type { Options } from "./option_table.ts";
import { LogReader } from "./reader.ts";
import { plural, visibleFields } from "./report.ts";
import { encodeSignatures, signedText, Verdicts } from "./signatures.ts";
import { isContext, readSigned } from "./signed_ids.ts";

function contextOf({ context }: Options): string | undefined {
  if (context === undefined || isContext(context)) return context;
  throw new UsageError(
    "Option --context has characters that are not printable, or more than 255",
  );
}

/** Signs the events that --author wrote, or all, which the key has not signed. */
export async function sign(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): Promise<void> {
  const log = oneLog(operands), { author, "secret-key": key } = options;
  if (key === undefined) {
    throw new UsageError("A --secret-key is needed to sign");
  }
  const context = contextOf(options) ?? "", time = timeOf(options);
  const files = new LogFiles(io, [log]);
  const known = await Verdicts.of(
    new LogReader(files).packetsOf(SIGNATURES),
    [key],
    context,
  );
  const ids: string[] = [];
  forEachEvent(files, (packet) => {
    const event = decodeEvent(canonicalBytes(packet));
    if (event.kind === "signature" || known.isTrusted(event.id)) return;
    if (author === undefined || event.author === author) ids.push(event.id);
  });
  const signer = await KeySigner.read(key);
  const packets = await encodeSignatures(ids, signer, {
    context,
    author,
    time,
  });
  appendEvents(log, packets, { sync: options.sync });
  io.warn(`sign: ${plural(ids.length, "event")} signed`);
}

/** Prints which events are signed, and by whom it can be trusted. */
export async function verify(
  io: ToolIO,
  options: Options,
  files: readonly string[],
): Promise<number> {
  if (options.keyring.length === 0) {
    throw new UsageError("No --keyring is given: there is nothing to trust");
  }
  const source = new LogFiles(io, files), reader = new LogReader(source);
  const signatures = reader.packetsOf(SIGNATURES);
  const verdicts = await Verdicts.of(
    signatures,
    options.keyring,
    contextOf(options),
  );
  const counts = new Map<string, number>();
  const done = new Set<string>();
  forEachEvent(source, (packet) => {
    const { id, fault, kind } = decodeEvent(canonicalBytes(packet));
    if (kind === "signature" || done.has(id)) return;
    done.add(id);
    const verdict = verdicts.of(id);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    io.out.writeText(`${visibleFields([verdict, id, fault, kind])}\n`);
  });
  reportStrange(io, reader);
  const counted = [...counts].sort()
    .map(([verdict, count]) => `${count} ${verdict}`).join(", ");
  io.warn(`verify: ${counted || "no events"}`);
  if (options.extract !== undefined) extract(options.extract, signatures);
  const isGood = [...counts.keys()].every((verdict) => verdict === "good");
  return isGood ? 0 : 1;
}

/** Writes what was signed and the signature as files, for other tools. */
function extract(folder: string, signatures: readonly Uint8Array[]): void {
  for (const packet of signatures) {
    const signed = readSigned(packet);
    if (signed === undefined) continue;
    const { id, context, ids, signature } = signed;
    try {
      writeNewFile(folder, `${id}.txt`, [signedText(context, ids)]);
      writeNewFile(folder, `${id}.sig`, [signature]);
    } catch (error) {
      throw new ToolError(
        `Cannot write into "${folder}": ${(error as Error).message}`,
      );
    }
  }
}
