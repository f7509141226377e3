import { test } from "node:test";
import { LOG_FIELDS } from "@executor-registry/registry/internal";
import { referencePage, table } from "./reference-page.ts";

test("docs/logs.md has every field of the code; UPDATE_DOCS=1 writes them", () => {
  const rows = Object.entries(LOG_FIELDS).map(([name, { kind, meaning }]) => [`\`${name}\``, kind, meaning]);
  referencePage("docs/logs.md", "fields", table(["field", "holds", "meaning"], rows));
});
