import type { AuthorizationData, ECRClient, ECRClientConfig, ImageDetail, Repository } from "@aws-sdk/client-ecr";
import type * as EcrSdk from "@aws-sdk/client-ecr";
import type { Place } from "../oci/errors.ts";
import { askPatiently, type Patience } from "./ask-patiently.ts";
import { ecrFailure } from "./ecr-failure.ts";
import { roleCredentials } from "./ecr-role.ts";
import { tokenPages } from "./token-pages.ts";

/** How ECR's API is called in one region. */
export interface EcrApiOptions {
  readonly region: string;
  /** The account whose registry it is. @default that of the credentials */
  readonly registryId?: string;
  /** A role to take first. */
  readonly roleArn?: string;
  /** @default AWS's own, or `AWS_ENDPOINT_URL_ECR` */
  readonly endpoint?: string;
  /** @default the SDK's chain: environment, profile, IRSA, Pod Identity, instance */
  readonly credentials?: ECRClientConfig["credentials"];
  readonly patience: Patience;
}

/** The few calls that are needed. Each throws RegistryErrors that say what to do. */
export interface EcrApi {
  /** Calls so far. */
  readonly calls: number;
  repositories(signal: AbortSignal): AsyncIterable<readonly Repository[]>;
  /** Those that have tags. @throws RepositoryGoneError */
  images(repository: string, signal: AbortSignal): AsyncIterable<readonly ImageDetail[]>;
  /** What lets the account's docker client in. */
  authorization(signal: AbortSignal): Promise<AuthorizationData | undefined>;
  close(): void;
}

type Sdk = typeof EcrSdk;

/** The most that ECR allows. */
const PAGE = 1000;

export function createEcrApi(options: EcrApiOptions): EcrApi {
  const { region, registryId, patience } = options;
  const account = registryId === undefined ? {} : { registryId };
  const host = `api.ecr.${region}.amazonaws.com`;
  let opened: Promise<{ readonly sdk: Sdk; readonly client: ECRClient }> | undefined;
  let calls = 0;

  const call = <T>(
    action: string,
    place: Place,
    send: (client: ECRClient, sdk: Sdk, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> =>
    askPatiently(
      async () => {
        const { sdk, client } = await (opened ??= open(options, { host }));
        calls += 1;
        try {
          return await send(client, sdk, { abortSignal: signal });
        } catch (error) {
          signal.throwIfAborted();
          throw ecrFailure(error, `ecr:${action}`, place, patience.clock.now());
        }
      },
      patience,
      signal,
    );

  return {
    get calls() {
      return calls;
    },
    repositories: (signal) =>
      tokenPages(
        async (nextToken) => {
          const input = { ...account, maxResults: PAGE, nextToken };
          const { repositories = [], nextToken: next } = await call(
            "DescribeRepositories",
            { host },
            (client, { DescribeRepositoriesCommand }, how) => client.send(new DescribeRepositoriesCommand(input), how),
            signal,
          );
          return { items: repositories, next };
        },
        { host },
      ),
    images: (repositoryName, signal) => {
      const place = { host, repository: repositoryName };
      return tokenPages(async (nextToken) => {
        const filter = { tagStatus: "TAGGED" as const };
        const input = { ...account, repositoryName, maxResults: PAGE, filter, nextToken };
        const { imageDetails = [], nextToken: next } = await call(
          "DescribeImages",
          place,
          (client, { DescribeImagesCommand }, how) => client.send(new DescribeImagesCommand(input), how),
          signal,
        );
        return { items: imageDetails, next };
      }, place);
    },
    async authorization(signal) {
      const { authorizationData = [] } = await call(
        "GetAuthorizationToken",
        { host },
        (client, { GetAuthorizationTokenCommand }, how) => client.send(new GetAuthorizationTokenCommand({}), how),
        signal,
      );
      return authorizationData[0];
    },
    close() {
      opened?.then(({ client }) => client.destroy()).catch(() => {});
    },
  };
}

async function open({ region, roleArn, endpoint, credentials }: EcrApiOptions, place: Place) {
  const sdk = await import("@aws-sdk/client-ecr");
  const config: ECRClientConfig = {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    // Every try is counted, paced and waited for like those of other registries.
    maxAttempts: 1,
    // A connection that died silently would else be waited on for ever.
    requestHandler: { connectionTimeout: 5000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  };
  const client = new sdk.ECRClient(config);
  if (roleArn === undefined) return { sdk, client };
  const own = client.config.credentials;
  return { sdk, client: new sdk.ECRClient({ ...config, credentials: roleCredentials(roleArn, region, own, place) }) };
}
