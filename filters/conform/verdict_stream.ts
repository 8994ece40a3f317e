/**
 * A verdict as a stream: the product, its capabilities, their tests.
 *
 * @module
 */

import {
  encodePackets,
  PacketChange,
  RowEditor,
  type Rows,
  type StatusEvent,
  textFile,
} from "@subunit/codec";
import { WholePacketEditor } from "../kit/stream/whole_packet_editor.ts";
import type { Output } from "../kit/tool/tool.ts";
import type { Judge } from "./judge.ts";
import { missLine, summaryLines } from "./report.ts";
import type { Requirements } from "./requirements.ts";
import { type CapabilityVerdict, type Judged, total } from "./verdict.ts";

/** Writes the verdict on one product, around the packets of its tests. */
export class VerdictStream {
  readonly #requirements: Requirements;
  readonly #out: Pick<Output, "write" | "writeRows">;
  readonly #rowEditor = new RowEditor((packets) => this.#out.write(packets));
  /** For packets that are too long for the other one. */
  readonly #editor: WholePacketEditor;
  /** By the number of a name: what makes its tests part of a capability. */
  readonly #parents: (PacketChange | undefined)[] = [];

  constructor(
    requirements: Requirements,
    judge: Judge,
    out: Pick<Output, "write" | "writeRows">,
  ) {
    this.#requirements = requirements;
    this.#out = out;
    this.#editor = new WholePacketEditor(out);
    const changes = requirements.requirements.map(({ name, tests }) => ({
      tests,
      change: new PacketChange({ parentTestId: capabilityId(name) }),
    }));
    // A test is in the first of its capabilities, the most binding one, and its
    // own name goes before the other names of other tests.
    const place = (isOwn: boolean) => {
      for (const { tests, change } of changes) {
        for (const test of tests) {
          const [own, ...others] = judge.numbersOf(test);
          for (const number of isOwn ? [own] : others) {
            this.#parents[number] ??= change;
          }
        }
      }
    };
    place(true);
    place(false);
  }

  /** Starts the product and its capabilities: a verdict that breaks off is lost. */
  begin(): void {
    const { product, requirements } = this.#requirements;
    this.#write({ testId: productId(product), status: "inprogress" });
    for (const { name } of requirements) {
      this.#write({
        testId: capabilityId(name),
        status: "inprogress",
        parentTestId: productId(product),
      });
    }
  }

  /** Passes on the packet of a row, which has the name of that number. */
  addRow(rows: Rows, i: number, name: number): void {
    const change = this.#parents[name];
    if (change === undefined) return;
    if (this.#rowEditor.changeParent(rows, i, change)) return;
    this.#rowEditor.flush();
    this.#editor.write(rows, i, change);
  }

  /** How many packets had no room for a parent, and are unchanged. */
  get unchanged(): number {
    return this.#editor.unchanged;
  }

  /** Writes what is gathered, after the rows of a chunk. */
  endChunk(): void {
    this.#rowEditor.flush();
  }

  end(judged: Judged, allowsUndecided: boolean): void {
    for (const capability of judged.capabilities) {
      this.#write({
        ...capabilityEnd(capability),
        testId: capabilityId(capability.name),
        parentTestId: productId(judged.product),
      });
    }
    this.#write(productEnd(judged, allowsUndecided));
  }

  #write(event: Omit<StatusEvent, "runnable">): void {
    write(this.#out, event);
  }
}

/**
 * Writes the verdicts on several products, without tests: these belong to more
 * than one of them.
 */
export function writeMatrix(
  out: Pick<Output, "write">,
  products: readonly Judged[],
  allowsUndecided: boolean,
): void {
  for (const judged of products) {
    const parentTestId = productId(judged.product);
    for (const capability of judged.capabilities) {
      write(out, {
        ...capabilityEnd(capability),
        testId: `${parentTestId}/${capability.name}`,
        parentTestId,
      });
    }
    write(out, productEnd(judged, allowsUndecided));
  }
}

function productId(name: string): string {
  return `product:${name}`;
}

function capabilityId(name: string): string {
  return `capability:${name}`;
}

function capabilityEnd(
  { status, outcome, misses, flagged }: CapabilityVerdict,
): Pick<StatusEvent, "status" | "tags" | "fileName" | "fileBytes"> {
  const lines = misses.map(missLine);
  const reasons = lines.length > 0 ? lines : ["no test counts"];
  return {
    status: outcome,
    tags: [status, ...(total(flagged) > 0 ? ["flagged"] : [])].sort(),
    ...(outcome === "success" && lines.length === 0
      ? {}
      : textFile("reason", reasons.join("\n") + "\n")),
  };
}

/**
 * An undecided product fails: a stream of skipped tests would be green to every
 * reader that does not know what it is about.
 */
function productEnd(
  judged: Judged,
  allowsUndecided: boolean,
): Omit<StatusEvent, "runnable"> {
  const { product, verdict } = judged;
  return {
    testId: productId(product),
    status: verdict === "conformant"
      ? "success"
      : verdict === "undecided" && allowsUndecided
      ? "skip"
      : "fail",
    tags: [verdict.replace(" ", "-")],
    ...textFile("reason", summaryLines(judged).join("\n") + "\n"),
  };
}

function write(
  out: Pick<Output, "write">,
  event: Omit<StatusEvent, "runnable">,
): void {
  // A product is nothing that a runner could run.
  for (const packet of encodePackets({ ...event, runnable: false })) {
    out.write(packet);
  }
}
