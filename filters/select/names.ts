/**
 * The ids that a test and its parent leave with.
 *
 * @module
 */

import type { Packet } from "@subunit/codec";

/** Gives a test another id, or the same. */
export type Rename = (testId: string) => string;

/**
 * The ids of a test, and of the parent it names, as they leave. Nothing else
 * renames: packets keep the ids they came with until they are written. An id is
 * renamed once, when somebody asks for it first.
 */
export class Names {
  readonly #rename: Rename | undefined;
  #testId: string | undefined;
  /** The parent's id as it came, and as it leaves. */
  #parent: readonly [came: string, leaves: string] | undefined;

  /** @param rename without it all names stay */
  constructor(rename?: Rename) {
    this.#rename = rename;
  }

  /** The id of the test; `packet` is any of its packets. */
  testIdOf(packet: Packet): string {
    if (this.#rename === undefined) return packet.testId!;
    return this.#testId ??= this.#rename(packet.testId!);
  }

  /** The id of the parent that `packet` names; undefined without one. */
  parentTestIdOf({ parentTestId }: Packet): string | undefined {
    if (this.#rename === undefined || parentTestId === undefined) {
      return parentTestId;
    }
    if (this.#parent?.[0] !== parentTestId) {
      this.#parent = [parentTestId, this.#rename(parentTestId)];
    }
    return this.#parent[1];
  }
}

/** Those of any test when there is nothing to rename: they hold nothing. */
export const SAME_NAMES: Names = new Names();
