import { type Clock, type Digest, repositoryAt, silentLogger, systemClock } from "@executor-registry/resolver";
import { type OddRegistry, startOddRegistry } from "../../../../../testing/odd-registry.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import type { BlobDescriptor } from "../../../../../testing/images.ts";
import { repositoryReader } from "../../oci/read/repository-reader.ts";
import type { Check, Judgement, Subject } from "../check.ts";
import { makePolicies } from "../checks.ts";
import { CheckSettings } from "../settings.ts";

const PATH = "team/executor-ml";
const INDEX = "application/vnd.oci.image.index.v1+json";

/** A registry, and what checks answer about what is in it. */
export interface BuiltImages extends AsyncDisposable {
  readonly registry: OddRegistry;
  /** `host/path` of the only repository. */
  readonly repository: string;
  image(config: object, manifest?: object): BlobDescriptor;
  index(...manifests: readonly object[]): BlobDescriptor;
  subject(digest: Digest, tags?: readonly string[]): Subject;
  /** What one check of a policy answers. */
  judge(settings: object, digest: Digest, signal: AbortSignal, clock?: Clock): Promise<Judgement>;
}

export async function builtImages(): Promise<BuiltImages> {
  const registry = await startOddRegistry();
  const client = testClient(registry.host);
  const repository = `${registry.host}/${PATH}`;
  const subject = (digest: Digest, tags: readonly string[] = ["1.0.0"]): Subject => ({
    image: { repository: repositoryAt(registry.host, PATH), digest, tags },
    reader: repositoryReader(() => client, PATH),
  });
  return {
    registry,
    repository,
    image: (config, manifest = {}) => registry.image(PATH, undefined, { config, manifest }),
    index: (...manifests) => registry.manifest(PATH, undefined, { schemaVersion: 2, mediaType: INDEX, manifests }),
    subject,
    judge: (settings, digest, signal, clock) => checkOf(settings, clock).judge(subject(digest), signal),
    async [Symbol.asyncDispose]() {
      await client.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** The check of a policy's settings of that check alone. */
export function checkOf(settings: object, clock: Clock = systemClock): Check {
  const written = CheckSettings.parse({ approvedNamespaces: ["**"], policies: [{ name: "test", ...settings }] });
  const context = { clock, random: () => 0, log: silentLogger, postedReports: async () => [] };
  const check = makePolicies(written, context).of("ml").checks.at(-1);
  if (check === undefined) throw new TypeError("a policy has checks");
  return check;
}
