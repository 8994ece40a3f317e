/**
 * The newer parts of the language that the tools use, where Node 20 or 22 lacks
 * them. The build fails for a tool that uses more: it knows only ES2023 and
 * what is declared here.
 *
 * @module
 */

import { Buffer } from "node:buffer";

declare global {
  interface PromiseConstructor {
    withResolvers<T>(): PromiseWithResolvers<T>;
  }
  interface PromiseWithResolvers<T> {
    promise: Promise<T>;
    resolve: (value: T | PromiseLike<T>) => void;
    // deno-lint-ignore no-explicit-any -- so has the language's own type
    reject: (reason?: any) => void;
  }
  interface MapConstructor {
    groupBy<K, T>(
      items: Iterable<T>,
      keyOf: (item: T, index: number) => K,
    ): Map<K, T[]>;
  }
  interface ReadonlySet<T> {
    union<U>(other: ReadonlySet<U>): Set<T | U>;
    intersection<U>(other: ReadonlySet<U>): Set<T & U>;
    difference<U>(other: ReadonlySet<U>): Set<T>;
  }
  interface Set<T> {
    union<U>(other: ReadonlySet<U>): Set<T | U>;
    intersection<U>(other: ReadonlySet<U>): Set<T & U>;
    difference<U>(other: ReadonlySet<U>): Set<T>;
  }
  interface IteratorObject<T, TReturn, TNext> {
    map<U>(change: (value: T, index: number) => U): IteratorObject<U>;
    filter(keeps: (value: T, index: number) => unknown): IteratorObject<T>;
    reduce<U>(add: (sum: U, value: T, index: number) => U, first: U): U;
    some(is: (value: T, index: number) => unknown): boolean;
    toArray(): T[];
  }
  interface Uint8Array<TArrayBuffer extends ArrayBufferLike> {
    toBase64(): string;
    toHex(): string;
  }
  interface Uint8ArrayConstructor {
    fromHex(text: string): Uint8Array<ArrayBuffer>;
  }
}

/** Adds the methods that an object lacks, not enumerable like built-in ones. */
function fill(object: object, methods: Readonly<Record<string, unknown>>) {
  for (const [name, value] of Object.entries(methods)) {
    if (name in object) continue;
    Object.defineProperty(object, name, {
      value,
      configurable: true,
      writable: true,
    });
  }
}

fill(Promise, {
  withResolvers<T>(): PromiseWithResolvers<T> {
    let resolve!: PromiseWithResolvers<T>["resolve"];
    let reject!: PromiseWithResolvers<T>["reject"];
    const promise = new Promise<T>((...both) => [resolve, reject] = both);
    return { promise, resolve, reject };
  },
});

fill(Map, {
  groupBy<K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K) {
    const groups = new Map<K, T[]>();
    let index = 0;
    for (const item of items) {
      const key = keyOf(item, index++);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
    return groups;
  },
});

/** Used by deno-std's base64. */
fill(ArrayBuffer.prototype, {
  transfer(this: ArrayBuffer, length: number) {
    const moved = new ArrayBuffer(length);
    const kept = new Uint8Array(this).subarray(0, length);
    new Uint8Array(moved).set(kept);
    return moved;
  },
});

fill(Set.prototype, {
  union(this: Set<unknown>, other: ReadonlySet<unknown>) {
    return new Set([...this, ...other.keys()]);
  },
  intersection(this: Set<unknown>, other: ReadonlySet<unknown>) {
    return new Set([...this].filter((member) => other.has(member)));
  },
  difference(this: Set<unknown>, other: ReadonlySet<unknown>) {
    return new Set([...this].filter((member) => !other.has(member)));
  },
});

/** What all iterators of the language inherit from. */
const iteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf([].values()),
);

fill(iteratorPrototype, {
  *map(this: Iterable<unknown>, change: (...of: unknown[]) => unknown) {
    let index = 0;
    for (const value of this) yield change(value, index++);
  },
  *filter(this: Iterable<unknown>, keeps: (...of: unknown[]) => unknown) {
    let index = 0;
    for (const value of this) if (keeps(value, index++)) yield value;
  },
  reduce(
    this: Iterable<unknown>,
    add: (...of: unknown[]) => unknown,
    first: unknown,
  ) {
    let sum = first, index = 0;
    for (const value of this) sum = add(sum, value, index++);
    return sum;
  },
  some(this: Iterable<unknown>, is: (...of: unknown[]) => unknown) {
    let index = 0;
    for (const value of this) if (is(value, index++)) return true;
    return false;
  },
  toArray(this: Iterable<unknown>) {
    return [...this];
  },
});

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
}

fill(Uint8Array.prototype, {
  toBase64(this: Uint8Array) {
    return bufferOf(this).toString("base64");
  },
  toHex(this: Uint8Array) {
    return bufferOf(this).toString("hex");
  },
});

fill(Uint8Array, {
  fromHex(text: string) {
    if (!/^(?:[0-9a-f]{2})*$/i.test(text)) {
      throw new SyntaxError("Expected hexadecimal digits, two a byte");
    }
    return new Uint8Array(Buffer.from(text, "hex"));
  },
});

/**
 * Node decodes "latin1" as ISO 8859-1, but the standard says windows-1252. With
 * `stream: true` Node follows the standard; and each byte is one character.
 */
if (new TextDecoder("latin1").decode(Uint8Array.of(0x80)) !== "\u20ac") {
  globalThis.TextDecoder = class extends TextDecoder {
    constructor(label?: string, options?: TextDecoderOptions) {
      super(label, options);
      if (this.encoding !== "windows-1252") return;
      this.decode = (input) => super.decode(input, { stream: true });
    }
  };
}
