/// <reference lib="dom" />
/** The script of the report: a placeholder. */
document.addEventListener(
  "DOMContentLoaded",
  () => document.getElementById("cut")?.remove(),
);
