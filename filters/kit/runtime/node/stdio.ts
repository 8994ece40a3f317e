/**
 * The standard streams.
 *
 * @module
 */

import type { StandardOutput, Stdin } from "../runtime.ts";
import { NodeFile } from "./file.ts";
import { Listener, Writer } from "./listener.ts";

/** Standard input: reads that block, or that let signal handlers run. */
export class NodeStdin implements Stdin {
  readonly #file = new NodeFile(0);
  #listener: Listener | undefined;

  get #listened(): Listener {
    return this.#listener ??= new Listener(0);
  }

  readSync(buffer: Uint8Array): number | null {
    return this.#file.readSync(buffer);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#listened.read(buffer);
  }

  isTerminal(): boolean {
    return this.#file.isTerminal();
  }

  close(): void {
    this.#listened.close();
  }
}

/** Standard output or error: writes that block, or let signal handlers run. */
export class NodeOutput implements StandardOutput {
  readonly #fd: number;
  readonly #file: NodeFile;
  #writer: Writer | undefined;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
    this.#file = new NodeFile(fd);
  }

  writeSync(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#writer ??= new Writer(this.#fd);
    return this.#writer.write(bytes);
  }

  isTerminal(): boolean {
    return this.#file.isTerminal();
  }

  close(): void {
    this.#file.close();
  }
}
