/**
 * JavaScript and TypeScript: V8, and what Node, Deno, Jest, Vitest, Mocha,
 * Jasmine and Playwright make of its stacks.
 *
 * @module
 */

import type { Call, ChainGrammar, Thrown } from "./chain.ts";

const AT = /^\s*(?:at |❯ )(?:async )?(?:(.*?) \()?(.+?):\d+:\d+\)?(?: \{)?$/;
/** Vitest has no parentheses. */
const ARROW = /^\s*❯ (?:(\S+) )?(\S+?):\d+:\d+$/;
/** In diagnostics of Node's TAP. */
const BARE = /^\s+(?:async )?(\S.*?) \((.+?):\d+:\d+\)$/;
const BARE_PLACE = /^\s+((?:file:|node:|\/)\S+?):\d+:\d+$/;
const NOWHERE =
  /^\s*at (?:async )?(.*?) ?\((?:<anonymous>|native|index \d+)\)(?: \{)?$/;
const THROWN =
  /^\s*(?:Uncaught |error: |\(in promise\) |\d+\) )*(?:(\[?cause\]?: |Caused by: ))?\[?([A-Za-z_$][\w$.]*(?:Error|Exception|Timeout|Failure)|Error|DOMException)(?: \[(\w+)\])?(?:: (.*))?(?: \{)?$/;
const EXPECT = /^\s*(?:Error: )?(expect\(.*\)\..*)$/;
const KEY = /^\s*(error|name|failureType|stack|message): ?(.*)$/;

export const v8: ChainGrammar = {
  language: "v8",
  marker: /^[ \t]*(?:at |❯ ).*:\d+:\d+\)?(?: \{)?$|^[ \t]*stack: [|>]/m,
  read,
  library:
    /^(?:node:|internal\/|ext:|native$|<anonymous>|wasm:|evalmachine)|[\\/]node_modules[\\/]|[\\/]deno[\\/]npm[\\/]|^https?:\/\/[^/]+\/(?:std@|@std\/|x\/)|^webpack[\\/:]/,
  test:
    /(?:[._-](?:test|spec|tests|spec)\.[cm]?[jt]sx?|[\\/](?:test|spec)\.[cm]?[jt]sx?|[\\/]__tests__[\\/][^:]*):|:(?:Test|User|Suite)?Context\.<anonymous>$/,
  hasSentences: true,
  plainName,
};

/** The receiver depends on the object, not on the function. */
function plainName(name: string): string {
  const plain = name.replace(/ \[as .*$/, "");
  if (plain.startsWith("new ")) return plain;
  return plain.slice(plain.lastIndexOf(".") + 1);
}

/** One thrown value while it is read. */
interface Open {
  type: string;
  message: string;
  calls: Call[];
  isWrapper: boolean;
}

function read(lines: readonly string[]): Thrown[] | undefined {
  const chain: Open[] = [];
  /** What was said last, and is thrown if a stack follows. */
  let said: Open | undefined;
  let isCause = false;
  const fields = new Map<string, string>();
  let inStack = false;
  let hasEnded = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const call = callIn(line, inStack);
    if (call !== undefined) {
      if (said !== undefined && !(hasEnded && !isCause && chain.length > 0)) {
        chain.push(said);
      }
      if (said !== undefined) hasEnded = chain.at(-1) !== said;
      said = undefined;
      if (hasEnded) continue;
      if (chain.length === 0) chain.push(fromFields(fields));
      if (call !== null) chain.at(-1)!.calls.push(call);
      continue;
    }
    if (line === "") continue;
    if (/^\s+Message:$/.test(line)) {
      // Jasmine.
      said = opened("Error", lines[at + 1]?.trim() ?? "");
      continue;
    }
    const expectation = line.includes("expect(") ? EXPECT.exec(line) : null;
    if (expectation !== null) {
      // A frame below source code shows this line again.
      if (said === undefined) said = opened("Error", expectation[1]);
      else if (said.message === "") said.message = expectation[1];
      continue;
    }
    const thrown = THROWN.exec(line);
    if (thrown !== null) {
      const [, cause, type, code, message = ""] = thrown;
      if (chain.length > 0 && cause === undefined) {
        // Another failure begins, or the same is printed again.
        hasEnded = true;
        continue;
      }
      isCause = cause !== undefined;
      if (isCause) hasEnded = false;
      said = opened(type, message.replace(/ \{$/, ""));
      said.isWrapper = code === "ERR_TEST_FAILURE";
      continue;
    }
    const key = KEY.exec(line);
    if (key !== null) {
      inStack = key[1] === "stack";
      if (!fields.has(key[1])) {
        const isBlock = /^[|>]/.test(key[2]);
        fields.set(
          key[1],
          (isBlock ? lines[at + 1] ?? "" : unquoted(key[2])).trim(),
        );
      }
    }
  }
  if (said !== undefined && isCause && chain.length > 0) chain.push(said);
  const causes = chain.filter(({ isWrapper }, index) =>
    !isWrapper || index === chain.length - 1
  );
  return causes.length > 0 && causes.some(({ calls }) => calls.length > 0)
    ? causes
    : undefined;
}

function opened(type: string, message: string): Open {
  return { type: plainType(type), message, calls: [], isWrapper: false };
}

/** `test.Error` of a bundle is `Error`. */
function plainType(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

function fromFields(fields: ReadonlyMap<string, string>): Open {
  return opened(
    fields.get("name") ?? "Error",
    fields.get("error") ?? fields.get("message") ?? "",
  );
}

function unquoted(value: string): string {
  return /^(['"]).*\1$/.test(value) ? value.slice(1, -1) : value;
}

/** The call in a line; null for one without a place, undefined for no call. */
function callIn(line: string, inStack: boolean): Call | null | undefined {
  if (line.includes("at ") || line.includes("❯")) {
    const arrow = ARROW.exec(line);
    if (arrow !== null) return { file: arrow[2], name: arrow[1] ?? "" };
    const match = AT.exec(line);
    if (match !== null) return { file: match[2], name: match[1] ?? "" };
    if (NOWHERE.test(line)) return null;
  }
  if (!inStack || !line.startsWith(" ")) return undefined;
  const bare = BARE.exec(line);
  if (bare !== null) return { file: bare[2], name: bare[1] };
  const place = BARE_PLACE.exec(line);
  return place === null ? undefined : { file: place[1], name: "" };
}
