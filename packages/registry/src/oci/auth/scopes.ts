/** What a request wants access to, as token scopes name it. */
export type Resource =
  | { readonly kind: "registry" }
  | { readonly kind: "catalog" }
  | { readonly kind: "repository"; readonly name: string };

/** All that reading ever needs; Azure asks for the latter two to list tags. */
const READING = new Set(["pull", "metadata_read", "content_read"]);

/**
 * The token scope for each resource of one registry. Learnt from its challenges, and guessed from those for other
 * repositories, so that a repository that was never asked for costs no refused request.
 * @see https://distribution.github.io/distribution/spec/auth/scope/
 */
export interface Scopes {
  /** `undefined` for a token of no scope. */
  of(resource: Resource): string | undefined;
  /** Notes what a challenge asked for. */
  learn(resource: Resource, challenged: string | undefined): void;
}

export function createScopes(): Scopes {
  const actions = new Set(["pull"]);
  // What does not follow the grammar, such as Forgejo's `*`.
  const verbatim = new Map<Resource["kind"], string>();
  return {
    of(resource) {
      const exact = verbatim.get(resource.kind);
      if (exact !== undefined) return exact;
      if (resource.kind === "registry") return undefined;
      if (resource.kind === "catalog") return "registry:catalog:*";
      return `repository:${resource.name}:${[...actions].sort().join(",")}`;
    },
    learn(resource, challenged) {
      if (challenged === undefined || challenged === "") return;
      if (resource.kind !== "repository") {
        verbatim.set(resource.kind, challenged);
        return;
      }
      const prefix = `repository:${resource.name}:`;
      // Another repository's scope is not ours to ask for: proxies that map names are asked for what we know.
      if (challenged.startsWith(prefix)) {
        for (const action of challenged.slice(prefix.length).split(",")) if (READING.has(action)) actions.add(action);
      } else if (!challenged.includes(":")) {
        verbatim.set("repository", challenged);
      }
    },
  };
}
