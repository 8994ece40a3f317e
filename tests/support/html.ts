/**
 * A strict reader of HTML as our tools write it: what it accepts, browsers read
 * in the same way. It knows no recovery from errors, and no optional tags.
 *
 * Source: the HTML standard, sections 13.1.2 "Elements", 13.1.3 "Text" and
 * 13.2.5 "Tokenization".
 *
 * @module
 */

import { assert } from "@std/assert";

/** An element. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
}

/** Elements without content. */
const VOID = ["meta", "img", "br"];
/** Elements whose content is text up to their end tag. */
const RAW = ["script", "style"];

const REFERENCES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
};

function unescaped(text: string): string {
  // Each "&" begins a reference, and nothing looks like a tag.
  assert(!/[<>]/.test(text), `a tag in text: ${text.slice(0, 200)}`);
  // deno-lint-ignore no-control-regex -- looks for control characters
  const hostile = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e]/.exec(text);
  assert(hostile === null, `a control character: ${JSON.stringify(hostile)}`);
  return text.replace(/&([^;\s&]*;?)/g, (all, name: string) => {
    const character = REFERENCES[name.replace(/;$/, "")];
    assert(name.endsWith(";") && character !== undefined, `bad: ${all}`);
    return character;
  });
}

const TAG = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"]*")?)*)>/y;
const ATTRIBUTE = / ([a-z-]+)(?:="([^"]*)")?/g;

/**
 * Reads a document, which must be the whole file.
 *
 * @param isCut whether the file may end anywhere: then open elements end there
 */
export function readHtml(html: string, isCut = false): Element {
  const doctype = "<!doctype html>\n";
  assert(html.startsWith(doctype), html.slice(0, 40));
  const root: Element = { name: "#root", attributes: {}, children: [] };
  const open = [root];
  let at = doctype.length;
  while (at < html.length) {
    const parent = open.at(-1)!;
    if (RAW.includes(parent.name)) {
      const end = html.slice(at).search(/<\/(?:script|style)/i);
      const stop = end < 0 && isCut ? html.length : at + end;
      assert(stop >= at, `no end of ${parent.name}`);
      const content = html.slice(at, stop);
      // It would change how the end is found.
      assert(!/<!--/.test(content), "a comment in raw text");
      parent.children.push(content);
      at = stop;
      if (at === html.length) break;
    }
    const next = html.indexOf("<", at);
    const end = next < 0 ? html.length : next;
    if (end > at) {
      parent.children.push(readText(html.slice(at, end), isCut && next < 0));
    }
    at = end;
    if (at === html.length) break;
    TAG.lastIndex = at;
    const match = TAG.exec(html);
    if (match === null) {
      assert(
        isCut && !html.slice(at + 1).includes("<"),
        `not a tag: ${html.slice(at, at + 200)}`,
      );
      break;
    }
    at = TAG.lastIndex;
    const [, isEnd, name, attributes] = match;
    if (isEnd !== "") {
      assert(attributes === "" && name === parent.name, `bad end: ${match[0]}`);
      open.pop();
      continue;
    }
    const element: Element = {
      name,
      attributes: readAttributes(attributes),
      children: [],
    };
    parent.children.push(element);
    if (!VOID.includes(name)) open.push(element);
  }
  assert(isCut || open.length === 1, `open: ${open.map(({ name }) => name)}`);
  return root;
}

function readText(text: string, isCut: boolean): string {
  return unescaped(isCut ? text.replace(/&[^;]*$/, "") : text);
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = Object.create(null);
  for (const [, name, value = ""] of text.matchAll(ATTRIBUTE)) {
    assert(attributes[name] === undefined, `twice: ${text}`);
    attributes[name] = unescaped(value.replace(/[<>]/g, () => {
      throw new Error(`a tag in an attribute: ${text}`);
    }));
  }
  return attributes;
}

/** All elements below one, in order. */
export function* elementsIn(element: Element): Generator<Element> {
  for (const child of element.children) {
    if (typeof child === "string") continue;
    yield child;
    yield* elementsIn(child);
  }
}

/** The text of an element, as `textContent` has it. */
export function textIn(element: Element): string {
  return element.children
    .map((child) => typeof child === "string" ? child : textIn(child))
    .join("");
}

/** The classes of an element. */
export function classesOf({ attributes }: Element): string[] {
  return (attributes.class ?? "").split(" ").filter((name) => name !== "");
}
