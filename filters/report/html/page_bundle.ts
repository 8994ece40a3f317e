// Made by "deno task docs" from page/: do not edit.
// deno-fmt-ignore-file
// deno-lint-ignore-file

/** The script of reports, bundled and minified. */
export const SCRIPT: string = "document.addEventListener(\"DOMContentLoaded\",()=>document.getElementById(\"cut\")?.remove());";

/** Its hash for a content security policy. */
export const SCRIPT_HASH: string = "sha256-pS2rF5SDy4BPWfMeN95gnwiAI6l17jykEATqI4uLMsU=";

/** The style of reports, minified. */
export const STYLE: string = ":root{color-scheme:light dark}main:has(#verdict) #cut{display:none}main{display:flex;flex-direction:column}#verdict{order:-1}";

/** Its hash for a content security policy. */
export const STYLE_HASH: string = "sha256-ap5cox5wFlWBeScORX5U15E2wA6d+G+Ttn0F5bMxStQ=";
