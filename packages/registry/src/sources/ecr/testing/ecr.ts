import { silentLogger } from "@executor-registry/resolver";
import { ECR_CREDENTIALS, type EcrDouble } from "../../../../../../testing/ecr-double.ts";
import { manualClock } from "../../../../../../testing/manual-clock.ts";
import { createNaming } from "../../../model/naming.ts";
import { createEcrSource, type EcrSourceOptions } from "../ecr.ts";
import type { ImageSource } from "../../image-source.ts";

/** A source of a double of ECR, by the real SDK. */
export function ecrSource({ endpoint }: EcrDouble, options: Partial<EcrSourceOptions> = {}): ImageSource {
  return createEcrSource({
    name: "ecr",
    regions: ["eu-west-1"],
    repositories: ["**"],
    naming: createNaming({ template: "executor-{type}" }),
    endpoint,
    credentials: ECR_CREDENTIALS,
    pacing: { concurrency: 16, rate: Infinity },
    clock: manualClock(),
    random: () => 0.5,
    log: silentLogger,
    ...options,
  });
}
