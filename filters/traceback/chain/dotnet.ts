/**
 * .NET, and its test runners.
 *
 * @module
 */

import {
  type Call,
  type ChainGrammar,
  type Thrown,
  withoutArguments,
} from "./chain.ts";

const CALL = /^\s*at (\S.*?\))(?: in (\S.*?):line \d+)?$/;
const THROWN =
  /^\s*(?:Unhandled exception\. |Error Message:\s*)?( ?---> )?((?:[\w`+]+\.)+[\w`+]+|\w*Exception) ?: ?(.*)$/;
const END = /^\s*--- End of inner exception stack trace ---$/;

export const dotnet: ChainGrammar = {
  language: "dotnet",
  marker:
    /^[ \t]*at \S.*\) in \S.*:line \d+$|^ {3}at (?:[\w`<>+]+\.)+[\w`<>|$]+\([^()]*\)$/m,
  read,
  library:
    /:(?:System|Microsoft|Xunit|NUnit|MSTest|FluentAssertions|Shouldly|Moq)\.|^\/_\//,
  namesOwner: true,
  isQualified: true,
  plainName: (name) =>
    name.replace(/<(\w+)>(?:d|b|g)__[\w|]+\.MoveNext$/, "$1")
      .replace(/(?:<>c(?:__DisplayClass[\d_]+)?\.)?<(\w+)>[bg]__[\w|]+/, "$1"),
};

function read(lines: readonly string[]): Thrown[] | undefined {
  const chain: { type: string; message: string; calls: Call[] }[] = [];
  /** How many exceptions are still open: inner ones are printed first. */
  let open = 0;
  let isDone = false;
  for (const line of lines) {
    const call = line.includes("at ") ? CALL.exec(line) : null;
    if (call !== null) {
      if (open === 0) continue;
      chain[open - 1].calls.push({
        file: call[2] ?? "",
        name: withoutArguments(call[1]),
      });
      isDone = true;
      continue;
    }
    if (END.test(line)) {
      if (open > 1) open--;
      continue;
    }
    const [outer, ...inner] = line.split(" ---> ");
    for (const [index, text] of [outer, ...inner].entries()) {
      if (index === 0 && outer.trim() === "") continue;
      const thrown = THROWN.exec(text);
      if (thrown === null) break;
      const isInner = index > 0 || thrown[1] !== undefined;
      if (isDone && !isInner) break;
      if (!isInner) chain.length = 0;
      chain.push({ type: thrown[2], message: thrown[3], calls: [] });
      open = chain.length;
    }
  }
  return chain.some(({ calls }) => calls.length > 0) ? chain : undefined;
}
