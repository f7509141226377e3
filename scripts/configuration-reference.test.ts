import { test } from "node:test";
import { referencePage } from "./reference-page.ts";
import { configurationReference } from "./configuration-reference.ts";

test("docs/configuration.md has every setting of the code; UPDATE_DOCS=1 writes them", () => {
  referencePage("docs/configuration.md", "settings", configurationReference());
});
