/** How hard a host is asked where the configuration does not say. */
export interface HostPace {
  /** Requests at a time. */
  readonly concurrency: number;
  /** Requests a second, in the long run. */
  readonly rate: number;
  /** Requests at once after a rest. */
  readonly burst: number;
}

/**
 * A registry of one's own, and those whose published limits are far above: GitHub 44,000 requests a minute, Google 60,000 for a project, ECR
 * 2,000 manifests a second. One that cannot keep up answers 429, and is asked half as often.
 */
const USUAL: HostPace = { concurrency: 8, rate: 100, burst: 20 };

/** Hosts that grant less, or do not say what they grant. */
const SLOWER: readonly (readonly [RegExp, HostPace])[] = [
  // Docker Hub counts every manifest: haste only uses up the allowance sooner.
  [/(?:^|\.)docker\.io$/, { concurrency: 4, rate: 10, burst: 20 }],
  // Of lists of tags, which are half of what a poll asks, 5 a second with 2 at once.
  [/^quay\.io$/, { concurrency: 4, rate: 10, burst: 4 }],
  // 1,000 a minute in the smallest of its kinds.
  [/\.azurecr\.io$/, { concurrency: 8, rate: 15, burst: 20 }],
  // Does not say, and everybody shares it.
  [/^public\.ecr\.aws$/, { concurrency: 4, rate: 10, burst: 20 }],
  // The API beside ECR's registries, which publishes no rate for its lists.
  [/^api\.ecr\./, { concurrency: 4, rate: 10, burst: 20 }],
];

/** @param host `host[:port]` as in references, or of a cloud's API */
export function paceOf(host: string): HostPace {
  return SLOWER.find(([pattern]) => pattern.test(host))?.[1] ?? USUAL;
}
