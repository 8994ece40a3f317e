import { assertEquals } from "@std/assert";
import { ForeignFormat } from "./foreign_format.ts";

const encoder = new TextEncoder();

function converterOf(text: string): string | undefined {
  const format = new ForeignFormat();
  format.add(encoder.encode(text));
  return format.converter;
}

Deno.test("ForeignFormat names the converter of results in another format", () => {
  const cases: [text: string, converter: string][] = [
    ["TAP version 13\n", "tap2subunit"],
    ["\ufeffTAP version 14\r\n1..1\r\n", "tap2subunit"],
    ["1..2\nok 1\n", "tap2subunit"],
    ["building\nok 1 - a\n# a note\nnot ok 2 - b\n1..2\n", "tap2subunit"],
    ["<testsuites></testsuites>", "junitxml2subunit"],
    ['\n<testsuite name="a">', "junitxml2subunit"],
    ['<?xml version="1.0"?>\n<!-- by x -->\n<testsuites>', "junitxml2subunit"],
    [
      'go: downloading x\n{"Action":"start","Package":"p"}\n',
      "gojson2subunit",
    ],
    ['{"Time":"2026-01-31T12:00:00Z","Action":"run"}\n', "gojson2subunit"],
    ["test: a\nsuccess: a\n", "subunit-1to2"],
    ['{"test_id":"a","test_status":"fail","runnable":true}\n', "json2subunit"],
    ['{"runnable":true,"timestamp":"2026-01-31T12:00:00Z"}', "json2subunit"],
    ["testing a\nprinted\nfailure: a [\nx\n]\n", "subunit-1to2"],
  ];
  for (const [text, converter] of cases) {
    assertEquals(converterOf(text), converter, text);
  }
});

Deno.test("ForeignFormat takes text for text", () => {
  const texts = [
    "",
    "make: nothing to do\n",
    "test: starting the database\n",
    "test: a\nsuccess: b\n",
    "ok 1 of 3 files\n",
    "1..3\n",
    "ok\nok\nok\n",
    '{"Action":"other"}\n',
    '{"test_id":"a"}\n',
    '{"runnable":true',
    '<?xml version="1.0"?><html></html>',
    "see <testsuite> below\n",
  ];
  for (const text of texts) assertEquals(converterOf(text), undefined, text);
});

Deno.test("ForeignFormat finds a format however the text is cut", () => {
  const bytes = encoder.encode("a log\n1..2\nok 1\nok 2\n");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const format = new ForeignFormat();
    format.add(bytes.subarray(0, cut));
    format.add(bytes.subarray(cut));
    assertEquals(format.converter, "tap2subunit");
  }
});
