import { tryParseReference } from "@executor-registry/resolver";

/** The host of a reference that says it: `undefined` for one that is relative, or is none. */
export function registryOf(reference: string): string | undefined {
  const parsed = tryParseReference(reference);
  const says = parsed && reference.toLowerCase().startsWith(`${parsed.registry}/`);
  return says ? parsed.registry : undefined;
}
