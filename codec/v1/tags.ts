/**
 * The current tags: those of all tests, and those of one.
 *
 * @module
 */

/** What Python's `str.split()` splits at: version 1 was defined by it. */
// deno-lint-ignore no-control-regex -- the separators of ASCII
const BLANKS = /[\p{White_Space}\x1c-\x1f]+/u;

/** How much text is kept, so that no packet is too long because of its tags. */
const MAX_TAG_UNITS = 256 * 1024;

/** Returns whether a line of version 1 can give a test this tag. */
export function isTag(text: string): boolean {
  return text !== "" && !text.startsWith("-") && !BLANKS.test(text);
}

/** Longer lines of tags, more lines, and lines for more tags are not cached. */
const MAX_LINE_UNITS = 256;
const MOST_LINES = 1024;
const MOST_TAGS = 64;

const NO_TAGS: ReadonlySet<string> = new Set();

/**
 * Tags given outside a test apply to all that follow, those given in a test
 * only to it. A "-" before a tag removes it, within a test only for that test.
 */
export class TagScopes {
  #global = NO_TAGS;
  #local: ReadonlySet<string> | undefined;
  /**
   * The results of lines applied to the global tags: most tests have one of
   * few.
   */
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** The arrays of sets of tags, each made once. */
  readonly #lists = new WeakMap<ReadonlySet<string>, readonly string[]>();

  /**
   * The current tags; undefined when there are none. Tests that have their tags
   * from the same line share an array.
   */
  get current(): readonly string[] | undefined {
    const tags = this.#local ?? this.#global;
    if (tags.size === 0) return undefined;
    let list = this.#lists.get(tags);
    if (list === undefined) {
      list = [...tags];
      this.#lists.set(tags, list);
    }
    return list;
  }

  /** Reads what follows "tags:"; false when it is too much to be kept. */
  read(text: string, isInTest: boolean): boolean {
    const known = this.#local === undefined ? this.#known.get(text) : undefined;
    const tags = known ?? changed(this.#local ?? this.#global, text);
    if (tags === undefined) return false;
    if (!isInTest) {
      this.#global = tags;
      this.#known.clear();
      return true;
    }
    const isWorth = this.#local === undefined && known === undefined &&
      text.length <= MAX_LINE_UNITS && tags.size <= MOST_TAGS;
    if (isWorth) {
      if (this.#known.size === MOST_LINES) this.#known.clear();
      this.#known.set(text, tags);
    }
    this.#local = tags;
    return true;
  }

  /** Ends the test. */
  endTest(): void {
    this.#local = undefined;
  }
}

/** Tags as changed by a line; undefined when they are too many. */
function changed(
  before: ReadonlySet<string>,
  text: string,
): ReadonlySet<string> | undefined {
  const words = text.split(BLANKS).filter((word) => word !== "");
  const isGone = (word: string) => word.startsWith("-");
  const tags = new Set([...before, ...words.filter((word) => !isGone(word))]);
  // Anywhere in the line, as in Python's reader.
  for (const word of words.filter(isGone)) tags.delete(word.slice(1));
  const units = [...tags].reduce((sum, tag) => sum + tag.length, 0);
  return units <= MAX_TAG_UNITS ? tags : undefined;
}
