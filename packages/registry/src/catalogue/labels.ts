import { isExecutorType } from "@executor-registry/resolver";

/** What the image can do: words separated by commas or spaces. */
const CAPABILITIES = "executor-registry.dev/capabilities";
/** The team that owns the executor. */
const OWNER = "executor-registry.dev/owner";
const MOST_CAPABILITIES = 100;

/** An image's capabilities, sorted; words that are none are passed over. */
export function capabilitiesOf(labels: Readonly<Record<string, string>>): readonly string[] {
  const words = (labels[CAPABILITIES] ?? "").toLowerCase().split(/[\s,]+/);
  return [...new Set(words.filter((word) => isExecutorType(word)))].sort().slice(0, MOST_CAPABILITIES);
}

/** Who owns an image: the label of this project, else the image specification's `vendor`. */
export function ownerOf(labels: Readonly<Record<string, string>>): string | undefined {
  return labels[OWNER] || labels["org.opencontainers.image.vendor"] || undefined;
}
