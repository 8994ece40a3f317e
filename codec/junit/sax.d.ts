/** Types of the part of `sax` that we use; it ships none. */

interface Parser {
  /** From 0 on. */
  readonly line: number;
  readonly column: number;
  /** The entity read last, without "&" and ";". */
  readonly entity: string;
  /** The character read last. */
  readonly c: string;
  error: Error | null;
  readonly ENTITIES: Record<string, string>;
  onopentag: (
    tag: { name: string; attributes: Record<string, string> },
  ) => void;
  onclosetag: (name: string) => void;
  ontext: (text: string) => void;
  oncdata: (text: string) => void;
  ondoctype: (doctype: string) => void;
  onerror: (error: Error) => void;
  write(chunk: string): Parser;
  /** Emits the text available so far. */
  flush(): void;
  close(): void;
}

declare const sax: {
  parser(isStrict: boolean, options: { strictEntities?: boolean }): Parser;
  /** Longer values are an error. */
  MAX_BUFFER_LENGTH: number;
};
export default sax;
