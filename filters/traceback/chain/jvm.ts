/**
 * Java and the other languages of the JVM.
 *
 * @module
 */

import type { Call, ChainGrammar, Thrown } from "./chain.ts";

const CALL = /^\s*at ([^\s(]+)\(([^():]*)/;
const THROWN =
  /^(?:Exception in thread "[^"]*" |Caused by: )?((?:[\w$]+\.)+[\w$]+)(?:: ?(.*))?$/;
const MORE = /^\s*\.\.\. (\d+) (?:more|common frames omitted)$/;

export const jvm: ChainGrammar = {
  language: "jvm",
  marker:
    /^[ \t]*at [^\s(]+\((?:[\w$-]+\.(?:java|kt|scala|groovy|clj)(?::\d+)?|Native Method|Unknown Source)\)/m,
  read,
  library:
    /:(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|clojure|junit|worker\.org\.gradle|org\.(?:junit|opentest4j|hamcrest|assertj|mockito|testng|gradle|apache\.maven|codehaus\.groovy))\./,
  namesOwner: true,
  isQualified: true,
  // Lambdas and anonymous classes are numbered.
  plainName: (name) =>
    name.includes("$")
      ? name.replace(/\$\$Lambda.*$/, "$$Lambda").replace(/\$\d+/g, "$")
      : name,
};

function read(lines: readonly string[]): Thrown[] | undefined {
  const chain: { type: string; message: string; calls: Call[] }[] = [];
  let isSkipped = false;
  let above: RegExpExecArray | null = null;
  for (const line of lines) {
    const isCause = line.startsWith("Caused by: ");
    const call = line.includes("at ") ? CALL.exec(line) : null;
    if (call !== null) {
      if (above !== null) {
        chain.push({ type: above[1], message: above[2] ?? "", calls: [] });
        above = null;
      }
      if (isSkipped || chain.length === 0) continue;
      // Loader and module stand in front: "app//java.base/java.util.List.of".
      const name = call[1].slice(call[1].lastIndexOf("/") + 1);
      chain.at(-1)!.calls.push({ file: call[2], name });
      continue;
    }
    if (/^\s+Suppressed: /.test(line)) {
      isSkipped = true;
      continue;
    }
    const more = MORE.exec(line);
    if (more !== null) {
      // A cause shows no calls that the exception above it shows.
      const outer = chain.at(-2)?.calls ?? [];
      if (!isSkipped) {
        const from = Math.max(0, outer.length - Number(more[1]));
        chain.at(-1)?.calls.push(...outer.slice(from));
      }
      continue;
    }
    const thrown = THROWN.exec(line);
    if (thrown === null) continue;
    if (isCause) {
      isSkipped = false;
      chain.push({ type: thrown[1], message: thrown[2] ?? "", calls: [] });
    } else if (chain.length === 0) above = thrown;
    // Another failure begins.
    else if (line.startsWith("Exception in thread")) break;
  }
  return chain.length > 0 ? chain : undefined;
}
