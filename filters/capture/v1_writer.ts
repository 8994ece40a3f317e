/**
 * Writes a stream in version 1.
 *
 * @module
 */

import {
  itemEvents,
  type Rows,
  type StreamItem,
  type Test,
} from "@subunit/codec";
import {
  TextQuoter,
  V1Encoder,
  type V1EncoderOptions,
} from "@subunit/codec/v1";
import { textOf } from "../kit/io/item_bytes.ts";
import { type Judged, Verdict } from "../kit/stream/verdict.ts";
import type { Output } from "../kit/tool/tool.ts";

/** What was left out or changed, in one line; undefined when nothing was. */
export function lossText(
  losses: Readonly<Record<string, number>>,
): string | undefined {
  const lost = Object.entries(losses).filter(([, count]) => count > 0)
    .map(([what, count]) => `${what} (${count})`);
  return lost.length === 0
    ? undefined
    : `Version 1 cannot hold ${lost.join(", ")}`;
}

/** Options of a {@linkcode V1Writer}. */
export interface V1WriterOptions extends V1EncoderOptions {
  /** Whether the text between packets is left out. */
  readonly dropsText: boolean;
}

/** Writes a stream in version 1: each test when it ends, text in place. */
export class V1Writer {
  readonly #verdict = new Verdict({ attachments: true });
  readonly #tests: V1Encoder;
  readonly #text: TextQuoter;
  readonly #dropsText: boolean;
  #enumerated = 0;
  #besideOthers = 0;

  constructor(out: Output, { dropsText, ...options }: V1WriterOptions) {
    const write = (bytes: Uint8Array) => out.write(bytes);
    this.#tests = new V1Encoder(write, options);
    this.#text = new TextQuoter(write);
    this.#dropsText = dropsText;
  }

  /** Adds an item, which must stay valid until {@linkcode endChunk}. */
  add(item: StreamItem): void {
    const text = textOf(item);
    if (text !== undefined) return this.#addText(text);
    if (item.kind === "packet" && item.status === "exists" && item.runnable) {
      this.#enumerated++;
    }
    this.#judge(item);
    // Damage is a failed test as well.
    if (item.kind === "damage") itemEvents(item).forEach(this.#judge);
  }

  /** Adds packets: as {@linkcode add}, without making objects of most. */
  addRows(rows: Rows): void {
    const verdict = this.#verdict;
    for (let i = 0; i < rows.count; i++) {
      if (rows.idAt(i) < 0 || rows.isExists(i)) {
        this.add(rows.packet(i));
        continue;
      }
      if (verdict.addRow(rows, i) === 0) continue;
      if (verdict.size > 0) this.#besideOthers++;
      this.#text.endLine();
      const { startSeconds, startNanoseconds } = verdict;
      const isWritten = verdict.isWhole(rows, i) &&
        this.#tests.addRow(rows, i, startSeconds, startNanoseconds);
      if (!isWritten) this.#tests.add(verdict.endedTest(rows, i));
    }
  }

  /** Writes what has been decided, before the items become invalid. */
  endChunk(): void {
    this.#tests.flush();
    this.#verdict.endChunk();
  }

  /** Writes the rest, with lost tests as failures. */
  end(): void {
    this.#text.end();
    for (const test of this.#verdict.end()) this.#writeTest(test);
    this.#tests.flush();
  }

  /**
   * What version 1 could not represent, in one line; undefined without losses.
   */
  get losses(): string | undefined {
    return lossText({
      ...this.#tests.losses,
      'tests that only exist ("exists")': this.#enumerated,
      "tests side by side": this.#besideOthers,
      "text that looks like it": this.#text.quoted,
    });
  }

  /** The exit status of a tool that judges; valid after {@linkcode end}. */
  get exitStatus(): number {
    return this.#verdict.exitStatus;
  }

  #addText(text: Uint8Array): void {
    if (this.#dropsText) return;
    this.#tests.flush();
    this.#text.write(text);
  }

  readonly #judge = (item: Judged): void => {
    const test = this.#verdict.add(item);
    if (test === undefined) return;
    if (this.#verdict.size > 0) this.#besideOthers++;
    this.#writeTest(test);
  };

  #writeTest(test: Test): void {
    this.#text.endLine();
    this.#tests.add(test);
  }
}
