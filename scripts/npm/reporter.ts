/**
 * The reporter of the npm package for `node --test`: one module, because it is
 * loaded with every run, and its types.
 *
 * @module
 */

import { bundle, lower } from "./bundle.ts";

/** The module, relative to the checkout. */
export const REPORTER = "filters/serve/engines/node_reporter.ts";

/** The `exports` of the package. */
export const REPORTER_EXPORTS = {
  "./reporter/node": {
    types: "./reporter/node.d.ts",
    default: "./reporter/node.js",
  },
};

/** What a program sees that imports it: Node does with the class what it needs. */
const TYPES = `import { Transform } from "node:stream";

/**
 * A reporter for \`node --test\` that writes a stream of subunit:
 *
 *     node --test --test-reporter=subunit-tools/reporter/node
 *
 * For \`run()\` of \`node:test\`: \`run({ files }).pipe(new NodeReporter())\`.
 */
export default class NodeReporter extends Transform {
  constructor();
}
`;

/**
 * Builds `reporter/`.
 *
 * @param npm the directory of the package
 * @param scratch a directory to write into
 */
export async function buildReporter(
  npm: string,
  scratch: string,
): Promise<void> {
  const to = `${npm}/reporter`;
  await bundle([REPORTER], scratch, "--sourcemap=linked");
  await lower(
    ["node_reporter.js"],
    scratch,
    to,
    "--minify-whitespace",
    "--entry-names=node",
  );
  Deno.writeTextFileSync(`${to}/node.d.ts`, TYPES);
}
