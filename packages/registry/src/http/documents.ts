import { docsPage } from "./docs-page.ts";
import { openApi } from "./openapi.ts";
import type { Operation } from "./operation.ts";

/** The documentation of the operations, for programs and for people: rendered when first asked for, and once. */
export function createDocuments(
  operations: readonly Operation[],
  version: string,
): { openApi(): string; page(): string } {
  let document: string | undefined;
  let page: string | undefined;
  return {
    openApi: () => (document ??= JSON.stringify(openApi(operations, version))),
    page: () => (page ??= docsPage(operations, version)),
  };
}
