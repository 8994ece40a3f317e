/**
 * One pass over a stream whose failures are tagged, or reported.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { encodePackets, type Packet, type Rows } from "@subunit/codec";
import { createHash } from "../../kit/runtime/builtin.ts";
import { ToolError } from "../../kit/errors.ts";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import { readList } from "../../kit/tool/list_file.ts";
import type { OptionTable, OptionValues } from "../../kit/tool/options.ts";
import {
  type EXIT_STATUS_OPTION,
  parseCount,
  type ToolIO,
  UsageError,
} from "../../kit/tool/tool.ts";
import type { Rules } from "../fingerprint/fingerprint.ts";
import { Contrast } from "./contrast.ts";
import { FaultFinder, type Found } from "./finder.ts";
import { RunFaults, writeFaults } from "./report.ts";
import type { KnownFaults } from "./known_faults.ts";
import type { Beginning } from "./sightings.ts";
import { FaultTagger } from "./tagger.ts";

/** Options about what a fault is. */
export const RULE_OPTIONS = {
  own: { value: "REGEX", help: "count these calls as your own code" },
  library: { value: "REGEX", help: "leave out these calls, as of a library" },
  helpers: {
    value: "FILE",
    help: "leave out functions that match a line of FILE",
  },
  "key-file": {
    value: "NAME",
    help: "let tests name their faults in a file NAME (fault-key)",
  },
  "no-source": { help: "leave source code out: such ids begin with 1n-" },
  "max-faults": {
    value: "N",
    help: "tag faults beyond the first N as fault:overflow (1000)",
  },
} as const satisfies OptionTable;

/** Options about a log of faults. */
export const LOG_OPTIONS = {
  log: { value: "FILE", help: "append the faults seen to the log FILE" },
  run: {
    value: "NAME",
    help: "with --log: the run's name (its first time and route)",
  },
  origin: { value: "NAME", help: "with --log: where the run was made" },
  "origin-hash": {
    value: "FILE",
    help: "with --origin: log a hash of it, with the secret in FILE",
  },
  samples: {
    value: "N",
    help: "with --log: log N messages of each fault as they are (0)",
  },
} as const satisfies OptionTable;

const MAX_FAULTS = 1000;

/** The options of a run. */
export type FaultRunOptions =
  & OptionValues<
    typeof RULE_OPTIONS & typeof LOG_OPTIONS & typeof EXIT_STATUS_OPTION
  >
  & {
    readonly explain: boolean;
    readonly contrast: boolean;
    readonly new: string | undefined;
    readonly isReport: boolean;
  };

function parsePattern(
  name: string,
  pattern: string | undefined,
): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    throw new UsageError(
      `Option --${name} is "${pattern}": expected a regular expression`,
    );
  }
}

function rulesOf(io: ToolIO, options: FaultRunOptions): Rules {
  const { helpers } = options;
  return {
    own: parsePattern("own", options.own),
    library: parsePattern("library", options.library),
    helpers: helpers === undefined
      ? undefined
      : readList(io, helpers).map((line) => parsePattern("helpers", line)!),
    keyFile: options["key-file"],
    omitsSource: options["no-source"],
  };
}

/** The secret in a file: without it, or with none in it, names come back. */
function saltIn(io: ToolIO, file: string | undefined): Uint8Array | undefined {
  if (file === undefined) return undefined;
  const chunks = Array.from(io.chunks([file]), (chunk) => chunk.slice());
  const salt = concat(chunks);
  if (salt.length >= MIN_SALT_BYTES) return salt;
  throw new ToolError(
    `Cannot hash the origin: "${file}" has ${salt.length} bytes, expected a secret of at least ${MIN_SALT_BYTES}: head -c 32 /dev/urandom > ${file}`,
  );
}

const MIN_SALT_BYTES = 16;

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Reads a stream, and writes it with its faults, or a report on them. */
export class FaultRun {
  readonly #io: ToolIO;
  readonly #options: FaultRunOptions;
  readonly #finder: FaultFinder;
  readonly #tagger: FaultTagger;
  readonly #verdict = new Verdict();
  readonly #contrast: Contrast | undefined;
  /** Undefined where nobody asks which faults there were. */
  readonly #faults: RunFaults | undefined;
  readonly #salt: Uint8Array | undefined;
  #beginning: Beginning | undefined;

  constructor(io: ToolIO, options: FaultRunOptions) {
    this.#io = io;
    this.#options = options;
    const most = options["max-faults"];
    const contrast = options.contrast ? new Contrast() : undefined;
    this.#contrast = contrast;
    this.#finder = new FaultFinder(sha256, rulesOf(io, options), {
      maxFaults: most === undefined
        ? MAX_FAULTS
        : parseCount("max-faults", most),
      passed: contrast && ((texts) => contrast.add(texts)),
    });
    this.#tagger = new FaultTagger(io.out);
    if (options.isReport || options.log !== undefined) {
      const { samples = "0" } = options;
      this.#faults = new RunFaults(parseCount("samples", samples));
    }
    this.#salt = saltIn(io, options["origin-hash"]);
  }

  /** @returns the exit status */
  async read(files: readonly string[]): Promise<number> {
    const { log, run, origin } = this.#options;
    // Loaded only where needed: every module adds to the start-up time.
    const known = this.#options.new === undefined
      ? undefined
      : (await import("./known_faults.ts")).KnownFaults
        .read(this.#io, this.#options.new);
    const status = this.#read(files, known);
    if (log === undefined) return status;
    // The stream is complete even if the log cannot be written.
    this.#io.out.flush();
    const { collatedRun, hashedOrigin, logFaults } = await import(
      "./sightings.ts"
    );
    const seen = collatedRun(
      this.#beginning,
      run,
      this.#salt === undefined ? origin : hashedOrigin(origin!, this.#salt),
    );
    const { faults } = this.#faults!;
    logFaults(log, seen, faults, (print) => this.#finder.kindIdOf(print));
    return status;
  }

  #read(files: readonly string[], known: KnownFaults | undefined): number {
    const io = this.#io, verdict = this.#verdict;
    const { isReport } = this.#options;
    // A lost test is a fault too.
    const judges = this.#faults !== undefined || this.#options["exit-status"];
    io.forEachRows(files, (rows) => {
      if (this.#options.log !== undefined) this.#noteTime(rows);
      if (judges) {
        for (let i = 0; i < rows.count; i++) verdict.addRow(rows, i);
      }
      if (isReport) this.#note(rows);
      else this.#tag(rows);
    }, (item) => {
      if (!isReport) io.out.writeItem(item);
      else if (item.kind === "damage") io.reportDamage(item);
      if (judges) verdict.add(item);
    }, () => {
      this.#finder.endChunk();
      verdict.endChunk();
    });
    const { untagged } = this.#tagger;
    if (untagged > 0) {
      io.warn(`${untagged} packets have no room for a tag: they are unchanged`);
    }
    return this.#end(known);
  }

  #end(known: KnownFaults | undefined): number {
    const verdict = this.#verdict;
    for (const test of verdict.end()) {
      const found = this.#faults && this.#finder.addLost(test);
      if (found !== undefined) this.#faults!.add(found);
    }
    let status = 0;
    if (this.#options.isReport) {
      const shown = writeFaults(this.#io.out, this.#faults!, {
        partsFailed: this.#finder.partsFailed,
        contrast: this.#contrast,
        isKnown: known && ((tag) => known.has(tag)),
        knownLike: known &&
          ((print) => known.similarTo(print, this.#finder.kindIdOf(print))),
      });
      // What damage has cost may be a new fault.
      const isDamaged = verdict.summary.damage > 0;
      if (known !== undefined && (shown > 0 || isDamaged)) status = 1;
    }
    const judged = this.#options.isReport || this.#options["exit-status"]
      ? this.#io.conclude(verdict)
      : 0;
    if (this.#options["exit-status"]) return status || judged;
    // A report on what is no stream at all is never good.
    return this.#options.isReport && verdict.complaint !== undefined
      ? 1
      : status;
  }

  /** Remembers the first event with a time. */
  #noteTime(rows: Rows): void {
    for (let i = 0; this.#beginning === undefined && i < rows.count; i++) {
      if (rows.timeAt(i) < 0) continue;
      const { timestamp, routeCode } = rows.packet(i);
      this.#beginning = { time: timestamp!, routeCode };
    }
  }

  #note(rows: Rows): void {
    for (let i = 0; i < rows.count; i++) {
      const found = this.#finder.add(rows, i);
      if (found !== undefined) this.#faults!.add(found);
    }
  }

  /** Writes rows: those that stay as they came in runs. */
  #tag(rows: Rows): void {
    const { out } = this.#io;
    let first = 0;
    for (let i = 0; i < rows.count; i++) {
      const found = this.#finder.add(rows, i);
      if (found === undefined) continue;
      this.#faults?.add(found);
      if (found.isTagged && !this.#options.explain) continue;
      if (first < i) out.writeRows(rows, first, i - 1);
      first = i + 1;
      if (this.#options.explain) this.#explain(rows.packet(i), found);
      if (found.isTagged) out.writeRows(rows, i, i);
      else this.#tagger.write(rows, i, found.tag);
    }
    if (first < rows.count) out.writeRows(rows, first);
  }

  /** Attaches what a fault was computed from. */
  #explain(packet: Packet, { tag, fingerprint }: Found): void {
    const { testId, routeCode, runnable, parentTestId, timestamp } = packet;
    const { id, key, kind, path, nameless } = fingerprint;
    const text = `${
      JSON.stringify(
        {
          fault: `${FAULT_TAG}${id}`,
          tag,
          key,
          kind,
          // What fault-log finds with the word kind.
          kind_id: this.#finder.kindIdOf(fingerprint),
          path,
          ...(nameless.length > 0 ? { left_out: nameless } : {}),
        },
        null,
        2,
      )
    }\n`;
    const packets = encodePackets({
      testId,
      routeCode,
      runnable,
      parentTestId,
      timestamp,
      fileName: "fault",
      fileBytes: new TextEncoder().encode(text),
      mimeType: "application/json",
      eof: true,
    });
    for (const bytes of packets) this.#io.out.write(bytes);
  }
}
