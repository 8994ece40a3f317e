/**
 * Ruby: the interpreter, minitest and RSpec.
 *
 * @module
 */

import type { Call, ChainGrammar, Thrown } from "./chain.ts";

const CALL = /^\s*(?:# |from )?(\S.*?):\d+:in [`'](.*)'$/;
const UNCAUGHT = /^(\S.*?):\d+:in [`'](.*?)': (.*?)(?: \(([\w:]+)\))?$/;
const RSPEC_PLACE = /^\s+# (\S.*?):\d+(?::in .*)?$/;
const TYPE =
  /^\s*([A-Z][\w:]*(?:Error|Exception|Failure|Assertion|NotFound|Exit|Timeout)?):(?: (.*))?$/;

export const ruby: ChainGrammar = {
  language: "ruby",
  marker: /:\d+:in [`']|^[ \t]+Failure\/Error: |^[^\s#]+#\S+ \[.*:\d+\]:$/m,
  read: (lines) => rspec(lines) ?? minitest(lines) ?? uncaught(lines),
  library: /\/gems\/|\/lib\/ruby\/|^<internal:|\/bundler\//,
  test: /_(?:spec|test)\.rb:(?:block |<top|$)/,
  plainName: (name) =>
    name.replace(/^(?:(?:block|rescue|ensure)(?: \([^()]*\))? in )+/, "")
      .replace(/^.*[#.](?=[^#.]+$)/, ""),
};

function callIn(line: string): Call | undefined {
  if (!line.includes(":in ")) return undefined;
  const match = CALL.exec(line);
  return match === null ? undefined : { file: match[1], name: match[2] };
}

function rspec(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) => /^\s+Failure\/Error: /.test(line));
  if (at < 0) return undefined;
  const source = lines[at].replace(/^\s+Failure\/Error: /, "");
  let type = "Failure", message = "";
  const calls: Call[] = [];
  for (const line of lines.slice(at + 1)) {
    const place = RSPEC_PLACE.exec(line);
    if (place !== null) {
      const call = callIn(line) ?? { file: place[1], name: "" };
      calls.push(calls.length === 0 ? { ...call, source } : call);
    } else if (calls.length > 0) break;
    else if (message === "" && line !== "") {
      const raised = TYPE.exec(line);
      if (type === "Failure" && raised !== null && raised[2] === undefined) {
        type = raised[1];
      } else message = line.trim();
    }
  }
  return [{ type, message, calls }];
}

function minitest(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) =>
    /^[^\s#]+#\S+ \[.*:\d+\]:$|^[^\s#]+#\S+:$/.test(line)
  );
  if (at < 0) return undefined;
  const place = /\[(.*):\d+\]:$/.exec(lines[at])?.[1];
  const message = lines[at + 1]?.trim() ?? "";
  if (place !== undefined) {
    return [{ type: "Failure", message, calls: [{ file: place, name: "" }] }];
  }
  const raised = TYPE.exec(message);
  const calls: Call[] = [];
  for (const line of lines.slice(at + 2)) {
    const call = callIn(line);
    if (call !== undefined) calls.push(call);
    else if (calls.length > 0) break;
  }
  return [{
    type: raised?.[1] ?? "Error",
    message: raised?.[2] ?? message,
    calls,
  }];
}

function uncaught(lines: readonly string[]): Thrown[] | undefined {
  const chain: Thrown[] = [];
  let calls: Call[] | undefined;
  let said: RegExpExecArray | null = null;
  for (const line of lines) {
    const first = line.includes(":in ") ? UNCAUGHT.exec(line) : null;
    if (first !== null) {
      calls = [{ file: first[1], name: first[2] }];
      chain.push({
        type: first[4] ?? "RuntimeError",
        message: first[3],
        calls,
      });
      continue;
    }
    const call = callIn(line);
    if (call === undefined) {
      if (calls === undefined) said = TYPE.exec(line) ?? said;
      continue;
    }
    if (calls === undefined) {
      calls = [];
      chain.push({
        type: said?.[1] ?? "Error",
        message: said?.[2] ?? "",
        calls,
      });
    }
    calls.push(call);
  }
  return chain.length > 0 ? chain : undefined;
}
