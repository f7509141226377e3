import { test } from "node:test";
import { openApi, OPERATIONS } from "@executor-registry/registry/internal";
import { apiReference, type OpenApiDocument } from "./api-reference.ts";
import { referencePage } from "./reference-page.ts";

test("docs/api.md has what the service says of its API; UPDATE_DOCS=1 writes it", () => {
  referencePage("docs/api.md", "operations", apiReference(openApi(OPERATIONS, "") as unknown as OpenApiDocument));
});
