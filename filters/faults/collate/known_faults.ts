/**
 * The faults that a log has, and what they look like: a fault that is new may be
 * an old one whose function was renamed.
 *
 * @module
 */

import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import type { Fingerprint } from "../fingerprint/fingerprint.ts";
import { decodeEvent } from "../log/event.ts";
import { OVERFLOW_TAG } from "./finder.ts";

/** The faults of a log. */
export class KnownFaults {
  readonly #tags = new Set<string>();
  /** By what they look like: the first fault of each. */
  readonly #byLook = new Map<string, string>();

  /** Reads a log; damage in it is reported. */
  static read(io: ToolIO, path: string): KnownFaults {
    const known = new KnownFaults();
    io.forEachRows([path], (rows) => {
      for (let i = 0; i < rows.count; i++) {
        if (rows.idAt(i) < 0) continue;
        const { testId, fileName, bytes } = rows.packet(i);
        if (!testId!.startsWith(FAULT_TAG)) continue;
        known.#tags.add(testId!);
        if (fileName === "fact") known.#describe(testId!, bytes);
      }
    }, (item) => {
      if (item.kind === "damage") io.reportDamage(item, path);
    });
    return known;
  }

  /** Whether a fault is known. What is left over of a run may be anything. */
  has(tag: string): boolean {
    return tag !== OVERFLOW_TAG && this.#tags.has(tag);
  }

  /** A known fault that looks like another one, and what they share. */
  similarTo(
    { path: [frame], source }: Fingerprint,
    kindId: string,
  ): string | undefined {
    const looks = [
      ["the kind", "kind", kindId],
      ["the frame", "frame", frame],
      ["the source line", "source", source],
    ] as const;
    for (const [words, name, value] of looks) {
      const tag = value && this.#byLook.get(`${name} ${value}`);
      if (tag) return `${tag.slice(FAULT_TAG.length)} of the log, by ${words}`;
    }
    return undefined;
  }

  #describe(tag: string, bytes: Uint8Array): void {
    const { value } = decodeEvent(bytes.slice());
    if (!(value instanceof Map)) return;
    for (const name of ["kind", "frame", "source"]) {
      const look = `${name} ${value.get(name)}`;
      if (typeof value.get(name) === "string" && !this.#byLook.has(look)) {
        this.#byLook.set(look, tag);
      }
    }
  }
}
