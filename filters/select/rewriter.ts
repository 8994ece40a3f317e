/**
 * What `subunit-filter` changes in the packets it passes on.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  type ChangedFields,
  isFinalStatus,
  NO_FILE,
  type Packet,
  TestTable,
} from "@subunit/codec";
import type { Names, Rename } from "./names.ts";

/** The changes to make. */
export interface RewriterOptions {
  readonly rename?: Rename;
  /** The tests that are expected to fail, by their new ids. */
  readonly expectedFailures?: ReadonlySet<string>;
  /** Whether an attachment with this name is taken out. */
  readonly isStripped?: (fileName: string) => boolean;
  /** How many bytes of each attachment may pass. */
  readonly maxAttachmentBytes?: number;
  /** Whether the parents of protocol 2.1 are taken out. */
  readonly withoutParents?: boolean;
}

const encoder = new TextEncoder();
const NO_CHANGE: ChangedFields = {};

/** Finds the changes to packets; those of one test must come in order. */
export class Rewriter {
  readonly #options: RewriterOptions;
  /** Of tests in progress, how much of each attachment has come. */
  readonly #counts = new TestTable<Map<string, number>>();

  constructor(options: RewriterOptions) {
    this.#options = options;
  }

  /** What ids become, for {@linkcode Names}. */
  get rename(): Rename | undefined {
    return this.#options.rename;
  }

  /**
   * The status that leaves with a packet: of a test that is expected to fail,
   * a failure is an xfail and a success a uxsuccess.
   */
  statusOf(packet: Packet, names: Names): Packet["status"] {
    const { expectedFailures } = this.#options;
    const { status } = packet;
    const isExpected = (status === "fail" || status === "success") &&
      expectedFailures?.has(names.testIdOf(packet));
    if (!isExpected) return status;
    return status === "fail" ? "xfail" : "uxsuccess";
  }

  /** What changes in a packet of a test; undefined when nothing does. */
  changesOf(packet: Packet, names: Names): ChangedFields | undefined {
    const fields = {
      ...this.#changedNames(packet, names),
      ...this.#changedStatus(packet, names),
      ...this.#changedFile(packet),
    };
    return Object.keys(fields).length > 0 ? fields : undefined;
  }

  #changedNames(packet: Packet, names: Names): ChangedFields {
    const { rename, withoutParents = false } = this.#options;
    if (rename === undefined && !withoutParents) return NO_CHANGE;
    const { testId, parentTestId } = packet;
    const renamed = names.testIdOf(packet);
    const parent = withoutParents ? undefined : names.parentTestIdOf(packet);
    return {
      ...(renamed === testId ? NO_CHANGE : { testId: renamed }),
      ...(parent === parentTestId ? NO_CHANGE : { parentTestId: parent }),
    };
  }

  #changedStatus(packet: Packet, names: Names): ChangedFields {
    const status = this.statusOf(packet, names);
    return status === packet.status ? NO_CHANGE : { status };
  }

  #changedFile(packet: Packet): ChangedFields {
    const { isStripped, maxAttachmentBytes } = this.#options;
    const { fileName, fileBytes } = packet;
    const counts = maxAttachmentBytes === undefined
      ? undefined
      : this.#countsOf(packet);
    if (fileName === undefined) return NO_CHANGE;
    if (isStripped?.(fileName)) return NO_FILE;
    if (counts === undefined) return NO_CHANGE;
    const before = counts.get(fileName) ?? 0;
    counts.set(fileName, before + fileBytes!.length);
    const passed = cut(fileBytes!, before, maxAttachmentBytes!);
    return passed === fileBytes ? NO_CHANGE : { fileBytes: passed };
  }

  /** How much of each attachment came before, of the test as it is now. */
  #countsOf(packet: Packet): Map<string, number> {
    return isFinalStatus(packet.status)
      ? this.#counts.delete(packet) ?? new Map()
      : this.#counts.getOrAdd(packet, () => new Map());
  }
}

/**
 * The part of an attachment that may pass, a note in place of what may not;
 * the same bytes when all may.
 *
 * @param before how much of the attachment came before
 */
export function cut(
  bytes: Uint8Array,
  before: number,
  most: number,
): Uint8Array {
  if (before + bytes.length <= most) return bytes;
  if (before > most) return bytes.subarray(0, 0);
  let end = most - before;
  // No half characters: back to where one begins, if it is text.
  for (let i = 0; i < 3 && end > 0 && (bytes[end] & 0xc0) === 0x80; i++) end--;
  const note = `\n[cut: more than ${most} bytes]\n`;
  return concat([bytes.subarray(0, end), encoder.encode(note)]);
}
