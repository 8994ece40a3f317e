/**
 * An event of version 1, as a view.
 *
 * @module
 */

import type { TestStatus } from "../event.ts";
import type { TestKeyBytes } from "../results/test_numbers.ts";
import type { KeyedEvent } from "../results/test_table.ts";
import type { Timestamp } from "../timestamp.ts";
import { decodeText, hashText } from "../text/utf8.ts";
import type { FilePart } from "./details.ts";

/**
 * An event that a line of version 1 results in.
 *
 * It is a view: the id and the file are valid until the handler that received
 * the event returns. The id is decoded on each access; writers of packets copy
 * its bytes.
 */
export class V1Event implements KeyedEvent, TestKeyBytes {
  /** Begins with the bytes of the test id. */
  readonly source: Uint8Array;
  /** The same bytes, to read words from. */
  readonly view: DataView;
  /** Where the test id ends in `source`. */
  readonly idEnd: number;
  readonly status: TestStatus | undefined;
  readonly tags: readonly string[] | undefined;
  readonly routeCode: string | undefined;
  readonly timestamp: Timestamp | undefined;
  readonly file: FilePart | undefined;

  /** @internal */
  constructor(
    source: Uint8Array,
    view: DataView,
    idEnd: number,
    status: TestStatus | undefined,
    tags: readonly string[] | undefined,
    routeCode: string | undefined,
    timestamp: Timestamp | undefined,
    file: FilePart | undefined,
  ) {
    this.source = source;
    this.view = view;
    this.idEnd = idEnd;
    this.status = status;
    this.tags = tags;
    this.routeCode = routeCode;
    this.timestamp = timestamp;
    this.file = file;
  }

  get testId(): string {
    return decodeText(this.source, 0, this.idEnd);
  }

  /** The key of its test: the event itself, unless it has a route code. */
  get testKey(): this | undefined {
    return this.routeCode === undefined ? this : undefined;
  }

  get idAt(): 0 {
    return 0;
  }

  get idHash(): number {
    return hashText(this.source, this.view, 0, this.idEnd);
  }

  get routeAt(): -1 {
    return -1;
  }

  get routeEnd(): -1 {
    return -1;
  }

  get routeHash(): -1 {
    return -1;
  }

  /** Version 1 does not tell; its tests have ids of their own. */
  get runnable(): true {
    return true;
  }

  get fileName(): string | undefined {
    return this.file?.name;
  }

  get mimeType(): string | undefined {
    return this.file?.mimeType;
  }

  get fileBytes(): Uint8Array | undefined {
    return this.file?.bytes;
  }

  get eof(): boolean {
    return this.file?.eof ?? false;
  }
}
