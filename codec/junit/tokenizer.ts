/**
 * Splits XML into tags and text, chunk by chunk.
 *
 * Source: the XML specification (1.0, fifth edition), sections 2 to 4.
 *
 * @module
 */

import {
  bracketsStart,
  doctypeEnd,
  isSpace,
  nameEnd,
  Names,
  Next,
  referenceEnd,
  referent,
  spaceEnd,
  TagEnd,
} from "./xml_scan.ts";

/** Longer tags are refused: a tag is held until it is complete. */
const MAX_TAG_LENGTH = 16 * 1024 * 1024;
/** Longer document types and references are refused. */
const MAX_HELD_LENGTH = 64 * 1024;
/** Longer names are cut in messages. */
const MAX_SHOWN_LENGTH = 64;

const EXCLAMATION = 0x21, DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27, SLASH = 0x2f, SEMICOLON = 0x3b, LESS = 0x3c;
const EQUALS = 0x3d, GREATER = 0x3e, QUESTION = 0x3f;
const BYTE_ORDER_MARK = 0xfeff;

const CDATA = "<![CDATA[", COMMENT = "<!--", DOCTYPE = "<!DOCTYPE";

/** The attributes of an element, by name. */
export type XmlAttributes = Record<string, string>;

/** An object that has no properties but its own. */
const NOTHING = Object.freeze(Object.create(null));

/** Receives the parts of a document, in order. */
export interface XmlHandler {
  open(name: string, attributes: XmlAttributes): void;
  /** Ends the innermost element. */
  close(): void;
  /** Reads text of the innermost element, all or part of it. */
  text(text: string): void;
}

/** A line, from 1 on, and how many characters of it are read. */
export interface XmlPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * Splits XML, one document or several in a row, into tags and text.
 *
 * Documents must be well-formed. `tokenizer_test.ts` lists the differences from
 * the specification: for example, control characters are accepted, and white
 * space is not normalised. Document types are skipped, and definitions of
 * entities refused. Text passes on as it arrives; no more than a tag is held.
 * How the input is split into chunks only changes how text is split.
 */
export class XmlTokenizer {
  readonly #handler: XmlHandler;
  /** The names of open elements. */
  readonly #open: string[] = [];
  readonly #names = new Names();
  #section: "content" | "cdata" | "comment" | "instruction" = "content";
  /** What follows {@linkcode XmlTokenizer.#text}, while a tag is held. */
  #chunks: string[] = [];
  /** Text of which the beginning, up to `#at`, is read. */
  #text = "";
  #at = 0;
  /** The length of both. */
  #heldLength = 0;
  /** The position of the beginning. */
  #start: XmlPosition = { line: 1, column: 0 };
  /** Looks for the end of a tag that is held. */
  #tagEnd: TagEnd | undefined;
  readonly #tag = new Next("<");
  readonly #reference = new Next("&");
  readonly #cdataEnd = new Next("]]>");
  #hasRoot = false;
  #hasDoctype = false;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** How far the input is read; after an error, where it was found. */
  get position(): XmlPosition {
    let { line, column } = this.#start;
    let from = 0;
    for (;;) {
      const end = this.#text.indexOf("\n", from);
      if (end < 0 || end >= this.#at) break;
      from = end + 1;
      line++;
      column = 0;
    }
    return { line, column: column + this.#at - from };
  }

  /**
   * Reads a chunk of well-formed Unicode.
   *
   * @throws {RangeError} when the document is not well-formed; there is nothing
   *   to read after that
   */
  push(chunk: string): void {
    this.#chunks.push(chunk);
    this.#heldLength += chunk.length;
    // A long tag is not read again with each chunk.
    if (this.#tagEnd?.isIn(chunk) ?? true) this.#read();
    const most = this.#tagEnd ? MAX_TAG_LENGTH : MAX_HELD_LENGTH;
    if (this.#heldLength <= most) return;
    this.#read();
    this.#checkLength(0, this.#heldLength, most);
  }

  /**
   * Ends the input.
   *
   * @throws {RangeError} when the document is not complete
   */
  end(): void {
    if (this.#tagEnd !== undefined) this.#read();
    const rest = this.#text;
    const isText = this.#section === "cdata" ||
      this.#section === "content" && rest.charCodeAt(0) !== LESS;
    if (isText && rest !== "") this.#handler.text(rest);
    this.#at = rest.length;
    const element = this.#open.at(-1);
    if (element !== undefined) {
      throw new RangeError(`the document ends before </${shown(element)}>`);
    }
    if (rest !== "" || this.#section !== "content") {
      throw new RangeError("the document ends within a tag or a comment");
    }
    if (!this.#hasRoot) throw new RangeError("there is no element");
  }

  /** Reads the parts that are complete, and holds the rest. */
  #read(): void {
    // Characters of a joined string are twice as fast to read as those of one
    // made with "+", which V8 keeps in two parts.
    const text = this.#text = [this.#text, ...this.#chunks].join("");
    this.#chunks = [];
    this.#tagEnd = undefined;
    this.#tag.reset();
    this.#reference.reset();
    this.#cdataEnd.reset();
    for (let start = -1; start !== this.#at && this.#at < text.length;) {
      start = this.#at;
      this.#at = this.#readPart(text, start);
    }
    this.#start = this.position;
    this.#text = text.slice(this.#at);
    this.#heldLength = this.#text.length;
    this.#at = 0;
  }

  // Each of these reads a part of the text from an index on, and returns where
  // the part ends: at the same index if it is not complete.

  #readPart(text: string, start: number): number {
    switch (this.#section) {
      case "content":
        return text.charCodeAt(start) === LESS
          ? this.#readMarkup(text, start)
          : this.#readText(text, start);
      case "cdata":
        return this.#readCdata(text, start);
      case "comment":
        return this.#readComment(text, start);
      case "instruction":
        return this.#readInstruction(text, start);
    }
  }

  #readMarkup(text: string, start: number): number {
    switch (text.charCodeAt(start + 1)) {
      case SLASH:
        return this.#readEndTag(text, start);
      case EXCLAMATION:
        return this.#readDeclaration(text, start);
      case QUESTION:
        return this.#beginInstruction(text, start);
      default:
        return this.#readStartTag(text, start);
    }
  }

  // Tags

  #readStartTag(text: string, start: number): number {
    const name = this.#names.take(text, start + 1);
    let at = start + 1 + name.length;
    if (name === "") return this.#expect("a name", text, start, at);
    const attributes: XmlAttributes = Object.create(NOTHING);
    for (;;) {
      const before = at;
      at = spaceEnd(text, at);
      const code = text.charCodeAt(at);
      if (code === GREATER || code === SLASH) break;
      const key = at === before ? "" : this.#names.take(text, at);
      if (key === "") {
        const what = at === before ? "white space" : "an attribute";
        return this.#expectInTag(`${what} or ">"`, text, start, at);
      }
      at = spaceEnd(text, at + key.length);
      if (text.charCodeAt(at) !== EQUALS) {
        return this.#expectInTag('"="', text, start, at);
      }
      at = spaceEnd(text, at + 1);
      const quote = text.charCodeAt(at);
      if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) {
        return this.#expectInTag("a quoted value", text, start, at);
      }
      const first = at + 1;
      at = text.indexOf(quote === DOUBLE_QUOTE ? '"' : "'", first);
      const tag = this.#tag.from(text, first);
      if (at < 0 || at > tag) {
        return this.#expectInTag('a quote or "&lt;"', text, start, tag);
      }
      if (attributes[key] !== undefined) {
        this.#fail(`found two attributes "${shown(key)}" in a tag`, at + 1);
      }
      attributes[key] = this.#reference.from(text, first) < at
        ? this.#resolveValue(text, first, at)
        : text.slice(first, at);
      at++;
    }
    const isEmpty = text.charCodeAt(at) === SLASH;
    if (isEmpty) at++;
    if (text.charCodeAt(at) !== GREATER) {
      return this.#expectInTag('">"', text, start, at);
    }
    this.#at = at + 1;
    this.#checkLength(start, this.#at, MAX_TAG_LENGTH);
    this.#hasRoot = true;
    this.#hasDoctype = false;
    this.#handler.open(name, attributes);
    if (isEmpty) this.#handler.close();
    else this.#open.push(name);
    return at + 1;
  }

  #resolveValue(text: string, start: number, end: number): string {
    let value = "";
    let from = start;
    for (;;) {
      const at = this.#reference.from(text, from);
      if (at >= end) return value + text.slice(from, end);
      value += text.slice(from, at) + this.#resolve(text, at);
      from = text.indexOf(";", at) + 1;
    }
  }

  #readEndTag(text: string, start: number): number {
    const open = this.#open.at(-1);
    const first = start + 2;
    if (open !== undefined && text.startsWith(open, first)) {
      const end = first + open.length;
      if (text.charCodeAt(end) === GREATER) return this.#close(end + 1);
    }
    let at = nameEnd(text, first);
    const name = text.slice(first, at);
    if (name === "") return this.#expectInTag("a name", text, start, at);
    at = spaceEnd(text, at);
    if (text.charCodeAt(at) !== GREATER) {
      return this.#expectInTag('">"', text, start, at);
    }
    this.#checkLength(start, at + 1, MAX_TAG_LENGTH);
    if (name !== open) {
      const here = open === undefined
        ? " outside any element"
        : `, expected </${shown(open)}>`;
      this.#fail(`found </${shown(name)}>${here}`, at + 1);
    }
    return this.#close(at + 1);
  }

  #close(end: number): number {
    this.#open.pop();
    this.#handler.close();
    return end;
  }

  // Text

  #readText(text: string, start: number): number {
    const tag = this.#tag.from(text, start);
    const end = Math.min(tag, text.length);
    if (this.#open.length === 0) return this.#skipBlank(text, start, end);
    const cdataEnd = this.#cdataEnd.from(text, start);
    const last = Math.min(
      cdataEnd,
      end < tag ? bracketsStart(text, start, end) : end,
    );
    const stop = this.#reference.from(text, start) < last
      ? this.#readReferences(text, start, last)
      : this.#passText(text, start, last);
    if (stop === cdataEnd) {
      this.#fail('found "]]>" in text, expected "]]&gt;"', stop + 3);
    }
    return stop;
  }

  #passText(text: string, start: number, end: number): number {
    if (end > start) this.#handler.text(text.slice(start, end));
    return end;
  }

  /** Reads text with references, up to one that is not complete. */
  #readReferences(text: string, start: number, end: number): number {
    let resolved = "";
    let from = start;
    try {
      for (;;) {
        const at = this.#reference.from(text, from);
        resolved += text.slice(from, Math.min(at, end));
        if (at >= end) return end;
        const referent = this.#resolve(text, at);
        if (referent === undefined) return at;
        resolved += referent;
        from = text.indexOf(";", at) + 1;
      }
    } finally {
      // Also before an error: text that arrives earlier has passed on.
      if (resolved !== "") this.#handler.text(resolved);
    }
  }

  /** What a reference stands for; undefined if it is not complete. */
  #resolve(text: string, start: number): string | undefined {
    const end = referenceEnd(text, start);
    this.#checkLength(start, end, MAX_HELD_LENGTH);
    if (end === text.length) return undefined;
    if (text.charCodeAt(end) !== SEMICOLON) {
      this.#fail('found "&" without a name and ";", expected "&amp;"', end + 1);
    }
    const name = text.slice(start + 1, end);
    const value = referent(name);
    if (value === undefined) {
      this.#fail(`unknown entity "&${shown(name)};"`, end + 1);
    }
    return value;
  }

  /** Skips white space outside elements, and the marks of documents in a row. */
  #skipBlank(text: string, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at);
      if (!isSpace(code) && code !== BYTE_ORDER_MARK) {
        this.#fail("found text outside any element", at + 1);
      }
    }
    return end;
  }

  #readCdata(text: string, start: number): number {
    const found = text.indexOf("]]>", start);
    const end = found < 0 ? bracketsStart(text, start, text.length) : found;
    this.#passText(text, start, end);
    if (found < 0) return end;
    this.#section = "content";
    return found + 3;
  }

  // Comments, processing instructions, document types

  #readDeclaration(text: string, start: number): number {
    if (text.startsWith(COMMENT, start)) {
      this.#section = "comment";
      return start + COMMENT.length;
    }
    if (text.startsWith(CDATA, start)) {
      const end = start + CDATA.length;
      if (this.#open.length === 0) {
        this.#fail("found text outside any element", end);
      }
      this.#section = "cdata";
      return end;
    }
    if (text.startsWith(DOCTYPE, start)) return this.#readDoctype(text, start);
    const rest = text.slice(start, start + CDATA.length);
    if ([COMMENT, CDATA, DOCTYPE].some((word) => word.startsWith(rest))) {
      return start;
    }
    this.#fail(
      'found "<!", expected "<!--", "<![CDATA[" or "<!DOCTYPE"',
      start + 2,
    );
  }

  #readComment(text: string, start: number): number {
    const end = text.indexOf("--", start);
    if (end < 0) return text.endsWith("-") ? text.length - 1 : text.length;
    if (end + 2 === text.length) return end;
    if (text.charCodeAt(end + 2) !== GREATER) {
      this.#fail('found "--" in a comment', end + 3);
    }
    this.#section = "content";
    return end + 3;
  }

  #beginInstruction(text: string, start: number): number {
    const end = nameEnd(text, start + 2);
    if (end === start + 2) return this.#expect("a name", text, start, end);
    const code = text.charCodeAt(end);
    const at = code === QUESTION ? end + 1 : end;
    if (at > end ? text.charCodeAt(at) !== GREATER : !isSpace(code)) {
      return this.#expect('white space or "?>"', text, start, at);
    }
    this.#checkLength(start, end, MAX_HELD_LENGTH);
    const target = text.slice(start + 2, end);
    if (this.#open.length > 0 && target.toLowerCase() === "xml") {
      this.#fail("found an XML declaration within an element", end);
    }
    this.#section = "instruction";
    return end;
  }

  #readInstruction(text: string, start: number): number {
    const end = text.indexOf("?>", start);
    if (end < 0) return text.endsWith("?") ? text.length - 1 : text.length;
    this.#section = "content";
    return end + 2;
  }

  #readDoctype(text: string, start: number): number {
    const end = doctypeEnd(text, start + DOCTYPE.length);
    if (end < 0) return start;
    this.#checkLength(start, end, MAX_HELD_LENGTH);
    if (this.#open.length > 0 || this.#hasDoctype) {
      this.#fail("found a document type, expected an element", end);
    }
    if (/<!ENTITY/i.test(text.slice(start, end))) {
      this.#fail("the document defines entities, which is refused", end);
    }
    this.#hasDoctype = true;
    return end;
  }

  // Errors

  /**
   * Fails because of the character at an index, or returns that the tag is not
   * complete if there is none.
   */
  #expectInTag(what: string, text: string, start: number, at: number): number {
    if (at >= text.length) this.#tagEnd = new TagEnd(text.slice(start));
    return this.#expect(what, text, start, at);
  }

  #expect(what: string, text: string, start: number, at: number): number {
    if (at >= text.length) return start;
    this.#checkLength(start, at, MAX_TAG_LENGTH);
    const found = JSON.stringify(String.fromCodePoint(text.codePointAt(at)!));
    this.#fail(`found ${found} in a tag, expected ${what}`, at + 1);
  }

  #checkLength(start: number, end: number, most: number): void {
    if (end - start <= most) return;
    this.#fail(`a tag is longer than ${most} characters`, start + most);
  }

  #fail(reason: string, at: number): never {
    this.#at = at;
    throw new RangeError(reason);
  }
}

function shown(name: string): string {
  return name.length > MAX_SHOWN_LENGTH
    ? `${name.slice(0, MAX_SHOWN_LENGTH)}…`
    : name;
}
