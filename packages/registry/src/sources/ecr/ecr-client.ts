import { Readable } from "node:stream";
import type { ECRClient, ECRClientConfig } from "@aws-sdk/client-ecr";
import type * as EcrSdk from "@aws-sdk/client-ecr";
import { type Clock, systemClock } from "@executor-registry/resolver";
import { clockOffset } from "../../net/clock-offset.ts";
import type { Place } from "../../oci/wire/errors.ts";
import { PAGE_LIMIT } from "../../oci/wire/limits.ts";
import { type Proxies, proxiesOf } from "../../net/proxies.ts";
import { boundedBytes } from "../token-pages.ts";
import { roleCredentials } from "./ecr-role.ts";

/** Where ECR's API is called, and as whom. */
export interface EcrClientOptions {
  readonly region: string;
  /** A role to assume first. */
  readonly roleArn?: string;
  /** @default AWS's own, or `AWS_ENDPOINT_URL_ECR` */
  readonly endpoint?: string;
  /** @default the SDK's chain: environment, profile, IRSA, Pod Identity, instance */
  readonly credentials?: ECRClientConfig["credentials"];
  /** @default the environment's */
  readonly proxies?: Proxies;
}

/** AWS's client, and the SDK that it is of. */
export interface OpenedEcr {
  readonly sdk: typeof EcrSdk;
  readonly client: ECRClient;
  /** See ImageSource. */
  readonly clockOffset: number | undefined;
}

/** Loads the SDK. Nothing is asked of AWS yet. */
export async function openEcr(
  { region, roleArn, endpoint, credentials, proxies = proxiesOf() }: EcrClientOptions,
  place: Place,
  clock: Clock = systemClock,
): Promise<OpenedEcr> {
  let offset: number | undefined;
  const sdk = await import("@aws-sdk/client-ecr");
  const config: ECRClientConfig = {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    // Every try is counted, paced and waited for like those of other registries.
    maxAttempts: 1,
    // Without these limits, a request on a lost connection would never end.
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: 60_000,
      throwOnRequestTimeout: true,
      ...proxies.agents(),
    },
  };
  let client = new sdk.ECRClient(config);
  if (roleArn !== undefined) {
    const own = client.config.credentials;
    client = new sdk.ECRClient({ ...config, credentials: roleCredentials({ roleArn, region, own, place, proxies }) });
  }
  client.middlewareStack.add(
    (next) => async (args) => {
      const began = clock.now();
      const result = await next(args);
      const response = result.response as { body?: unknown; headers?: Readonly<Record<string, string>> };
      offset = clockOffset(response.headers ?? {}, began, clock.now()) ?? offset;
      if (response.body instanceof Readable) {
        const bytes = boundedBytes(response.body as AsyncIterable<Uint8Array>, PAGE_LIMIT, place);
        response.body = Readable.from(bytes, { objectMode: false });
      }
      return result;
    },
    // Below the SDK's own, which reads the body.
    { step: "deserialize", priority: "low", name: "boundedAnswer" },
  );
  return {
    sdk,
    client,
    get clockOffset() {
      return offset;
    },
  };
}
