/**
 * The tags that are in force: those of all tests, and those of one.
 *
 * @module
 */

/** What Python's `str.split()` splits at: version 1 was defined by it. */
// deno-lint-ignore no-control-regex -- the separators of ASCII
const BLANKS = /[\p{White_Space}\x1c-\x1f]+/u;

/** As much text as is kept, so that no packet is too long for its tags. */
const MAX_TAG_UNITS = 256 * 1024;

/** Says whether a line of version 1 can give a test this tag. */
export function isTag(text: string): boolean {
  return text !== "" && !text.startsWith("-") && !BLANKS.test(text);
}

/**
 * Tags given outside of a test are of all that follow; those given in one are
 * its own. A "-" before a tag takes it away, in a test from it alone.
 */
export class TagScopes {
  #global: ReadonlySet<string> = new Set();
  #local: ReadonlySet<string> | undefined;
  /** The same as an array, made when it is asked for. */
  #current: readonly string[] | undefined;

  /** The tags in force; undefined when there are none. */
  get current(): readonly string[] | undefined {
    const tags = this.#local ?? this.#global;
    return tags.size === 0 ? undefined : this.#current ??= [...tags];
  }

  /** Reads what follows "tags:"; false when it is more than can be kept. */
  read(text: string, isInTest: boolean): boolean {
    const words = text.split(BLANKS).filter((word) => word !== "");
    const isGone = (word: string) => word.startsWith("-");
    const tags = new Set([
      ...this.#local ?? this.#global,
      ...words.filter((word) => !isGone(word)),
    ]);
    // Wherever they stand in the line, as in Python's reader.
    for (const word of words.filter(isGone)) tags.delete(word.slice(1));
    const units = [...tags].reduce((sum, tag) => sum + tag.length, 0);
    if (units > MAX_TAG_UNITS) return false;
    if (isInTest) this.#local = tags;
    else this.#global = tags;
    this.#current = undefined;
    return true;
  }

  /** Says that the test is over. */
  endTest(): void {
    if (this.#local === undefined) return;
    this.#local = undefined;
    this.#current = undefined;
  }
}
