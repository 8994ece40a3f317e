/**
 * PHP: uncaught exceptions, and PHPUnit.
 *
 * @module
 */

import type { Call, ChainGrammar, Thrown } from "./chain.ts";

const THROWN =
  /^(?:PHP )?(?:Fatal error: +Uncaught |Next |Caused by )?((?:\w+\\)*\w+): (.*) in (\S.*?\.php):\d+$/;
const CALL = /^#\d+ (?:(\S.*?\.php)\(\d+\): |\[internal function\]: )(.*)$/;
const PLACE = /^(\S.*\.php):\d+$/;
const NAMED = /^((?:\w+\\)*\w*(?:Exception|Error|Throwable)\w*): ?(.*)$/;

export const php: ChainGrammar = {
  language: "php",
  marker: /^\S.*\.php:\d+$|^#\d+ \S.*\.php\(\d+\): /m,
  read: (lines) => uncaught(lines) ?? phpunit(lines),
  library: /\/vendor\/|^phar:\/\/|:PHPUnit\\/,
  plainName: (name) => name.replace(/^.*(?:->|::)/, "").replace(/^.*\\/, ""),
};

function uncaught(lines: readonly string[]): Thrown[] | undefined {
  let chain: Thrown[] = [];
  let calls: Call[] | undefined;
  /** Where the next call was made: a line names what it called. */
  let file = "";
  for (const line of lines) {
    const thrown = line.includes(".php:") ? THROWN.exec(line) : null;
    if (thrown !== null) {
      calls = [];
      file = thrown[3];
      const one = { type: thrown[1], message: thrown[2], calls };
      // Causes are printed first.
      chain = line.startsWith("Next ") ? [one, ...chain] : [one];
      continue;
    }
    if (calls === undefined) continue;
    const call = CALL.exec(line);
    if (call !== null) {
      calls.push({ file, name: call[2].replace(/\(.*$/, "") });
      file = call[1] ?? "";
    } else if (/^#\d+ \{main\}$/.test(line)) calls.push({ file, name: "" });
  }
  return chain.length > 0 ? chain : undefined;
}

/** PHPUnit prints places without functions. */
function phpunit(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) => PLACE.test(line));
  if (at < 0) return undefined;
  const before = lines.slice(0, at).filter((line) => line !== "");
  const title = before.findLastIndex((line) =>
    /^(?:\d+\) )?\S+::\S+/.test(line)
  );
  const said = before[title + 1] ?? before.at(-1) ?? "";
  const named = NAMED.exec(said);
  const calls: Call[] = [];
  for (const line of lines.slice(at)) {
    const place = PLACE.exec(line);
    if (place === null) break;
    calls.push({ file: place[1], name: "" });
  }
  return [{
    type: named?.[1] ?? "Failure",
    message: named?.[2] ?? said,
    calls,
  }];
}
