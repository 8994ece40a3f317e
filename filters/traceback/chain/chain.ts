/**
 * Chains of exceptions: what was thrown, what caused it, and through which calls
 * it came. Reports need a place to point at; whoever asks whether two failures
 * have the same cause needs all of this.
 *
 * @module
 */

/** One call of a traceback. */
export interface Call {
  /** Its file, as printed; empty if the line names none. */
  readonly file: string;
  /** Its function, as printed but without arguments; empty if unknown. */
  readonly name: string;
  /** Its line of source code, where the text has it. */
  readonly source?: string;
}

/** An exception, a crash or a failed assertion. */
export interface Thrown {
  readonly type: string;
  /** The first line of its message. */
  readonly message: string;
  /** Innermost first. */
  readonly calls: readonly Call[];
}

/** How a language prints its failures: one table for each. */
export interface ChainGrammar {
  readonly language: string;
  /** Matches texts that may hold a failure of this language. */
  readonly marker: RegExp;
  /**
   * The failure and its causes, the root last; undefined when the text has none
   * of this language.
   *
   * @param lines without colors, each of a bounded length
   */
  read(lines: readonly string[]): readonly Thrown[] | undefined;
  /** Matches `file:function` of calls in the language's library and runners. */
  readonly library: RegExp;
  /** Matches calls that some versions of the language do not show. */
  readonly hidden?: RegExp;
  /** Matches `file:function` of calls that are the test, whatever its id. */
  readonly test?: RegExp;
  /** Whether a test's id also names the class or module of its function. */
  readonly namesOwner?: boolean;
  /** Whether the ids of tests are sentences, which name no function. */
  readonly hasSentences?: boolean;
  /** Whether a function's name says where it is, so that its file need not. */
  readonly isQualified?: boolean;
  /** The function's name without what differs from build to build. */
  plainName?(name: string): string;
}

/** Removes a trailing argument list; the name may hold other parentheses. */
export function withoutArguments(name: string): string {
  if (!name.endsWith(")")) return name;
  let depth = 0;
  for (let at = name.length - 1; at >= 0; at--) {
    const character = name[at];
    if (character === ")") depth++;
    else if (character === "(" && --depth === 0) return name.slice(0, at);
  }
  return name;
}
