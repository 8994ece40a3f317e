/**
 * The ids that a test and its parent leave with.
 *
 * @module
 */

import type { Packet } from "@subunit/codec";

/** Gives a test another id, or the same. */
export type Rename = (testId: string) => string;

/**
 * The ids of a test and of the parent it names, as they leave. Only this class
 * renames, and each id once, when it is first asked for; packets keep the ids
 * they came with until they are written.
 */
export class Names {
  readonly #rename: Rename | undefined;
  #testId: string | undefined;
  /** The parent's id as it came, and as it leaves. */
  #parent: readonly [came: string, leaves: string] | undefined;

  /** @param rename without it ids stay as they are */
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

/** The names of all tests when nothing is renamed: they hold no state. */
export const SAME_NAMES: Names = new Names();
