import { systemClock } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import type {
  AuthorizationData,
  DescribeImageScanFindingsResponse,
  ECRClient,
  ImageDetail,
  Repository,
} from "@aws-sdk/client-ecr";
import { type Place, RegistryError } from "../../oci/wire/errors.ts";
import { withRetries, type RetryOptions } from "../with-retries.ts";
import { type EcrClientOptions, type OpenedEcr, openEcr } from "./ecr-client.ts";
import { ecrFailure } from "./ecr-failure.ts";
import { tokenPages } from "../token-pages.ts";

/** How ECR's API is called in one region. */
export interface EcrApiOptions extends EcrClientOptions {
  /** The account whose registry it is. @default that of the credentials */
  readonly registryId?: string;
  readonly retry: RetryOptions;
}

/** The few calls that are needed. Each throws RegistryErrors that say what to do. */
export interface EcrApi {
  /** Calls so far. */
  readonly calls: number;
  /** See ImageSource. */
  readonly clockOffset: number | undefined;
  repositories(signal: AbortSignal): AsyncIterable<readonly Repository[]>;
  /** Those that have tags. @throws RepositoryGoneError */
  images(repository: string, signal: AbortSignal): AsyncIterable<readonly ImageDetail[]>;
  /** What scanning found in an image, page by page. @throws RegistryError code `not-found` for an image that was never scanned */
  scanFindings(
    repository: string,
    digest: string,
    signal: AbortSignal,
  ): AsyncIterable<readonly DescribeImageScanFindingsResponse[]>;
  /** What lets the account's docker client in. */
  authorization(signal: AbortSignal): Promise<AuthorizationData | undefined>;
  close(): void;
}

/** Milliseconds for a call, its answer's body and the credentials included: the SDK's own limits end with the head. */
const LIMIT_MS = 120_000;
/** The most that ECR allows. */
const PAGE = 1000;

export function createEcrApi(options: EcrApiOptions): EcrApi {
  const { region, registryId, retry } = options;
  const account = registryId === undefined ? {} : { registryId };
  const host = `api.ecr.${region}.amazonaws.com`;
  let opening: Promise<OpenedEcr> | undefined;
  let opened: OpenedEcr | undefined;
  let calls = 0;

  const call = <T>(
    action: string,
    place: Place,
    send: (client: ECRClient, sdk: OpenedEcr["sdk"], options: { readonly abortSignal: AbortSignal }) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> =>
    withRetries(
      async () => {
        const tooLate = (): RegistryError =>
          new RegistryError("timeout", `AWS did not answer ecr:${action} within ${LIMIT_MS / 1000} s`, place);
        opened = await (opening ??= openEcr(options, { host }, retry.clock));
        const { sdk, client } = opened;
        calls += 1;
        try {
          return await withTimeLimit({ clock: systemClock, ms: LIMIT_MS, signal, late: tooLate }, (abortSignal) =>
            send(client, sdk, { abortSignal }),
          );
        } catch (error) {
          signal.throwIfAborted();
          throw ecrFailure(error, `ecr:${action}`, place, retry.clock.now());
        }
      },
      retry,
      signal,
    );

  return {
    get calls() {
      return calls;
    },
    get clockOffset() {
      return opened?.clockOffset;
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
    scanFindings: (repositoryName, imageDigest, signal) => {
      const place = { host, repository: repositoryName };
      return tokenPages(async (nextToken) => {
        const input = { ...account, repositoryName, imageId: { imageDigest }, maxResults: PAGE, nextToken };
        const page = await call(
          "DescribeImageScanFindings",
          place,
          (client, { DescribeImageScanFindingsCommand }, how) =>
            client.send(new DescribeImageScanFindingsCommand(input), how),
          signal,
        );
        return { items: [page], next: page.nextToken };
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
      opening?.then(({ client }) => client.destroy()).catch(() => {});
    },
  };
}
