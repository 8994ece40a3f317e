/**
 * Results in another format, where a subunit stream is expected.
 *
 * @module
 */

/** How much text is looked at: a format shows itself in its first lines. */
const MAX_BYTES = 16 * 1024;

/** The formats by the converter that reads them. Text matches none by chance. */
const FORMATS: readonly (readonly [converter: string, shape: RegExp])[] = [
  [
    "junitxml2subunit",
    /^\s*<(\?xml[^>]*>\s*(<!--[\s\S]*?-->\s*)*<)?testsuites?[\s>]/,
  ],
  ["gojson2subunit", /^\{.*"Action":"(start|run|output|build-output|pass)"/m],
  // As subunit2json writes them.
  [
    "json2subunit",
    /^\{"(test_\w+":.*,"|file_\w+":.*,"|)runnable":(true|false)[,}]/m,
  ],
  [
    "tap2subunit",
    /^TAP version 1[2-4]\s*$|^(1\.\.\d+|(not )?ok \d+).*\n((?!(not )?ok \d).*\n)*(1\.\.\d+|(not )?ok \d+)\b/m,
  ],
  [
    "subunit-1to2",
    /^test(?:ing)?:? ?(.+)\n(?:.*\n)*?(?:success(?:ful)?|failure|error|skip|xfail|uxsuccess):? ?\1(?: \[)?$/m,
  ],
];

const latin1 = new TextDecoder("latin1");

/** Looks at the text of a stream without packets. */
export class ForeignFormat {
  #text = "";

  /** Adds text; what is far from the beginning is not looked at. */
  add(text: Uint8Array): void {
    const room = MAX_BYTES - this.#text.length;
    if (room > 0) this.#text += latin1.decode(text.subarray(0, room));
  }

  /** The tool that converts what the text is, if it is results. */
  get converter(): string | undefined {
    // A byte order mark, in Latin-1.
    const text = this.#text.replace(/^\xef\xbb\xbf/, "").replaceAll(
      "\r\n",
      "\n",
    );
    return FORMATS.find(([, shape]) => shape.test(text))?.[0];
  }

  /** Why the input is no stream at all, if the text is results. */
  get complaint(): string | undefined {
    const converter = this.converter;
    return converter &&
      `The input has no packets, but results in another format: put ${converter} in front`;
  }
}
