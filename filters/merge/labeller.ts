/**
 * Puts a label on what comes from a source.
 *
 * @module
 */

import {
  change,
  type ChangedFields,
  decodeText,
  Interned,
  itemEvents,
  type Packet,
  PacketChange,
  PacketEditor,
  PacketEncoder,
  RowEditor,
  type Rows,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import type { Output } from "../kit/io/output.ts";

/** The fields that a label changes. */
type Named = Pick<StatusEvent, "routeCode" | "testId" | "parentTestId">;

/** Returns the changes that a label makes to an event; none without a label. */
export function labelFields(
  label: string | undefined,
  { routeCode, testId, parentTestId }: Named,
  prefixesIds: boolean,
): ChangedFields {
  if (label === undefined) return {};
  const prefixed = (id: string | undefined) =>
    id === undefined ? undefined : `${label}: ${id}`;
  return {
    routeCode: routeCode === undefined ? label : `${label}/${routeCode}`,
    ...(prefixesIds
      ? { testId: prefixed(testId), parentTestId: prefixed(parentTestId) }
      : {}),
  };
}

const editor = new PacketEditor();
const encoder = new PacketEncoder();

/** Writes items as whole packets, under a label. */
export class Labeller {
  readonly #out: Output;
  readonly #label: string | undefined;
  readonly #prefixesIds: boolean;
  /** By the route code that is changed: a writer has few routes. */
  readonly #changes = new Interned((source, start, end) =>
    this.#changeTo({ routeCode: decodeText(source, start, end) })
  );
  readonly #unroutedChange: PacketChange;
  readonly #rowEditor = new RowEditor((packets) => this.#out.write(packets));

  constructor(out: Output, label: string | undefined, prefixesIds: boolean) {
    this.#out = out;
    this.#label = label;
    this.#prefixesIds = prefixesIds;
    this.#unroutedChange = this.#changeTo({});
  }

  /** @throws {RangeError} if a packet has no room for the label */
  write(item: StreamItem): void {
    if (item.kind !== "packet") this.#writeEvents(itemEvents(item));
    else if (this.#label === undefined) this.#out.writeItem(item);
    else editor.editEach(item, this.#changeOf(item), this.#write);
  }

  /**
   * Writes the packets of rows.
   *
   * `deno task bench` measures it as `subunit-merge`; the oracle in the tests is
   * {@linkcode write}.
   *
   * @param writeSlowly writes a packet that is too long for this
   */
  writeRows(rows: Rows, writeSlowly: (packet: Packet) => void): void {
    if (this.#label === undefined) {
      this.#out.writeRows(rows);
      return;
    }
    const { source, view } = rows;
    for (let i = 0; i < rows.count; i++) {
      if (!this.#prefixesIds) {
        const at = rows.routeAt(i);
        const change = at < 0
          ? this.#unroutedChange
          : this.#changes.get(source, view, at, rows.routeEnd(i));
        if (this.#rowEditor.changeRoute(rows, i, change)) continue;
        this.#rowEditor.flush();
      }
      writeSlowly(rows.packet(i));
    }
    this.#rowEditor.flush();
  }

  #writeEvents(events: readonly StatusEvent[]): void {
    for (const event of events) {
      const labelled = change(event, this.#fieldsOf(event));
      encoder.encodeEach(labelled, this.#write);
    }
  }

  #changeOf(packet: Packet): PacketChange {
    // The ids differ from packet to packet.
    if (this.#prefixesIds) return this.#changeTo(packet);
    const { source, view, routeAt, routeEnd } = packet;
    return routeAt < 0
      ? this.#unroutedChange
      : this.#changes.get(source, view, routeAt, routeEnd);
  }

  #changeTo(event: Named): PacketChange {
    return new PacketChange(this.#fieldsOf(event));
  }

  #fieldsOf(event: Named): ChangedFields {
    return labelFields(this.#label, event, this.#prefixesIds);
  }

  readonly #write = (packet: Uint8Array) => this.#out.write(packet);
}
