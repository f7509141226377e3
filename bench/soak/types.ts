import type { DockerRegistry } from "../../testing/docker-registry.ts";
import { pushImage } from "../../testing/push.ts";
import { LABEL } from "./replica.ts";

/** An executor type, and what is known to be so of it: what was pushed, and which writes about it were acknowledged. */
export interface SoakType {
  readonly name: string;
  readonly repository: string;
  /** Its good images, by version. */
  readonly versions: Map<string, string>;
  pinned: string | undefined;
  denied: string | undefined;
  /** What it was answered with by right, the newest last. */
  readonly history: State[];
}

/** `performance.now()` of the moments between which an answer may have been right. */
interface State {
  readonly digest: string;
  /** When it was first asked for. */
  readonly from: number;
  /** When what came after it was acknowledged. */
  until: number;
}

const COUNT = 20;
const FIRST_VERSIONS = 3;

export async function pushTypes(registry: DockerRegistry): Promise<readonly SoakType[]> {
  const types = Array.from({ length: COUNT }, (_, index): SoakType => {
    const name = `soak-${String(index).padStart(2, "0")}`;
    const repository = `team/executor-${name}`;
    return { name, repository, versions: new Map(), pinned: undefined, denied: undefined, history: [] };
  });
  await Promise.all(
    types.map(async (type) => {
      for (let version = 0; version < FIRST_VERSIONS; version++) await pushVersion(registry, type, `1.${version}.0`);
    }),
  );
  return types;
}

/** @param good else it lacks a label, and must never be an answer */
export async function pushVersion(
  registry: DockerRegistry,
  type: SoakType,
  version: string,
  good = true,
): Promise<void> {
  const labels = good ? { [LABEL]: "yes" } : {};
  const { digest } = await pushImage(registry, type.repository, version, { size: 100, labels });
  if (good) type.versions.set(version, digest);
}

/** What is pushed is higher than all before. */
const newest = ({ versions }: SoakType, without?: string): string =>
  [...versions.keys()].findLast((version) => version !== without)!;

/** The version that it has to be answered with now. */
export const expectedVersion = (type: SoakType): string => type.pinned ?? newest(type, type.denied);

export const expectedDigest = (type: SoakType): string => type.versions.get(expectedVersion(type))!;

/** Notes that what the type has to be answered with was changed by a write that was first sent at `from`. */
export function noteChange(type: SoakType, from: number): void {
  const last = type.history.at(-1);
  if (last) last.until = performance.now();
  type.history.push({ digest: expectedDigest(type), from, until: Infinity });
}

/** For how long an answer was not right any more when it was asked for: 0 where it may be right. */
export function ageOf({ history }: SoakType, { digest, asked, answered }: Answered): number {
  const last = history.findLast((state) => state.digest === digest && state.from <= answered);
  return last === undefined ? Infinity : Math.max(0, asked - last.until);
}

/** `performance.now()` of both moments. */
export interface Answered {
  readonly digest: string;
  readonly asked: number;
  readonly answered: number;
}
