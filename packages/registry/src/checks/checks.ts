import {
  type Clock,
  type Digest,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
} from "@executor-registry/resolver";
import { glob } from "../model/glob.ts";
import type { ScanReport } from "../model/scan-report.ts";
import type { CheckMode, OnInvalid } from "../model/verdict.ts";
import { createAgeCheck } from "./age.ts";
import { createBaseImagesCheck } from "./base-images.ts";
import { type Check, fingerprintOf, inMode } from "./check.ts";
import { createExpressionCheck } from "./expression.ts";
import { createLabelsCheck } from "./labels.ts";
import { createNamespaceCheck } from "./namespace.ts";
import { createPlatformsCheck } from "./platforms.ts";
import { runnableCheck } from "./runnable.ts";
import { createSignatureCheck } from "./signature.ts";
import { chain, type CheckSettings, type PolicySettings } from "./settings.ts";
import { createSizeCheck } from "./size.ts";
import { createUserCheck } from "./user.ts";
import { createVulnerabilityCheck } from "./vulnerabilities.ts";

/** What the images of a type must pass. */
export interface ImagePolicy {
  readonly name: string;
  /** In the order of their verdicts. */
  readonly checks: readonly Check[];
  readonly onInvalid: OnInvalid;
  /** Milliseconds that a check may be unable to answer about an image, before that counts as a failure. */
  readonly deadlineMs: number;
}

/** What the images of every type must pass. */
export interface ImagePolicies {
  /** Of all that it says: another policy has another hash. */
  readonly hash: string;
  /** A line for each policy: the types that it is for, and its checks. */
  readonly summary: readonly string[];
  of(type: string): ImagePolicy;
}

/** What checks are made with besides their settings. */
export interface CheckContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The reports of scans that were posted about an image, and about those that it names. */
  readonly postedReports: (repository: string, digest: Digest) => Promise<readonly ScanReport[]>;
}

const ON_INVALID: OnInvalid = "fallback";
const DEADLINE_MS = 86_400_000;
const REVALIDATE_MS = 86_400_000;
const ALONE: CheckContext = {
  clock: systemClock,
  random: Math.random,
  log: silentLogger,
  postedReports: async () => [],
};

/** The policies of a configuration. @param settings `none` lets in everything that can be run */
export function makePolicies(settings: CheckSettings | "none", context: CheckContext = ALONE): ImagePolicies {
  if (settings === "none") {
    const open = {
      name: "none",
      checks: makeChecks({}, [], context),
      onInvalid: ON_INVALID,
      deadlineMs: DEADLINE_MS,
    };
    return policiesOf([{ types: ["*"], policy: open }]);
  }
  return policiesOf(
    wholePolicies(settings).map((all) => {
      const { name, types, onInvalid = ON_INVALID, deadline: deadlineMs = DEADLINE_MS } = all;
      const checks = makeChecks(all, settings.approvedNamespaces, context);
      return { types, policy: { name, checks, onInvalid, deadlineMs } };
    }),
  );
}

/** What becomes of a type whose version fails, without making the checks. @see makePolicies */
export function onInvalidOf(settings: CheckSettings | "none"): (type: string) => OnInvalid {
  const policyFor = settings === "none" ? () => undefined : firstNaming(wholePolicies(settings));
  return (type) => policyFor(type)?.onInvalid ?? ON_INVALID;
}

/** The policies, each with what it takes from those that it extends. */
function wholePolicies({ policies }: CheckSettings): readonly PolicySettings[] {
  if (policies.length === 0) return [{ name: "default", types: ["*"] }];
  return policies.map((own) => {
    const all = chain(policies, own).reduce<PolicySettings>((over, base) => ({ ...base, ...given(over) }), own);
    return { ...all, name: own.name, types: own.types };
  });
}

/** Finds the first that names a type. */
function firstNaming<Row extends { readonly types: readonly string[] }>(
  rows: readonly Row[],
): (type: string) => Row | undefined {
  const globs = rows.map((row) => ({ row, matches: row.types.map((type) => glob(type)) }));
  return (type) => globs.find(({ matches }) => matches.some((match) => match(type)))?.row;
}

/** Of a service that says nothing about checks. */
export const OPEN_POLICIES = makePolicies("none");

/** The checks of one policy. A new one has its row here, and its settings in `settings.ts`. */
function makeChecks(
  { namespaces, signature, vulnerabilities, revalidate = REVALIDATE_MS, ...settings }: Partial<PolicySettings>,
  approved: readonly string[],
  context: CheckContext,
): readonly Check[] {
  const { labels, platforms, age, size, user, baseImages, expression } = settings;
  return [
    inMode(createNamespaceCheck(namespaces?.allow ?? [...approved]), namespaces?.mode ?? "enforce"),
    runnableCheck,
    ...made(signature, (of) => createSignatureCheck(of, revalidate, context)),
    ...made(labels, createLabelsCheck),
    ...made(platforms, createPlatformsCheck),
    ...made(age, (of) => createAgeCheck(of, context)),
    ...made(size, createSizeCheck),
    ...made(user, createUserCheck),
    ...made(baseImages, createBaseImagesCheck),
    ...made(expression, (of) => createExpressionCheck(of)),
    ...made(vulnerabilities, (of) => createVulnerabilityCheck(of, revalidate, context)),
  ];
}

/** A check that a policy has where it has the settings. */
function made<Settings extends { readonly mode: CheckMode }>(
  settings: Settings | undefined,
  create: (settings: Settings) => Check,
): readonly Check[] {
  return settings === undefined ? [] : [inMode(create(settings), settings.mode)];
}

const given = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

function policiesOf(
  all: readonly { readonly types: readonly string[]; readonly policy: ImagePolicy }[],
): ImagePolicies {
  const policyFor = firstNaming(all);
  const known = new Map<string, ImagePolicy>();
  return {
    hash: fingerprintOf(
      all.map(({ types, policy: { checks, name, onInvalid, deadlineMs } }) => {
        return [name, types, onInvalid, deadlineMs, checks.map((check) => [check.name, check.fingerprint])];
      }),
    ),
    summary: all.map(({ types, policy: { name, checks } }) => {
      const listed = checks.map((check) => (check.mode === "warn" ? `${check.name} (warn)` : check.name));
      return `${name} for ${types.join(", ")}: ${listed.join(", ")}`;
    }),
    of(type) {
      let policy = known.get(type);
      if (policy === undefined) {
        policy = policyFor(type)?.policy ?? unnamed(type);
        known.set(type, policy);
      }
      return policy;
    },
  };
}

/** Of a type that no policy names: none of its images is a version. */
function unnamed(type: string): ImagePolicy {
  const check: Check = {
    name: "policy",
    fingerprint: fingerprintOf("no policy", type),
    immediate: true,
    judge: async () => ({
      state: "failed",
      code: "no-policy",
      reason: `no policy names the type ${type}; add it to the types of one in checks.policies`,
    }),
  };
  return { name: "", checks: [check], onInvalid: ON_INVALID, deadlineMs: DEADLINE_MS };
}
