import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { BlobDescriptor, ImageOptions } from "./images.ts";
import { type ReceivedRequest, startLoopbackServer } from "./loopback-server.ts";
import { pushImage } from "./push.ts";
import { type RegistryProxy, startRegistryProxy } from "./registry-proxy.ts";

/** Whose credentials {@link ECR_CREDENTIALS} are. */
const ECR_ACCOUNT = "123456789012";
/** Made up, for the SDK to sign with. */
export const ECR_CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" } as const;

/** An image as `DescribeImages` shows it. */
export interface EcrImage {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt?: Date;
  readonly status?: "ACTIVE" | "ARCHIVED";
}

/** What scanning has of an image, as `DescribeImageScanFindings` shows it: members that are left out are not sent. */
export interface EcrScan {
  /** `COMPLETE`, `ACTIVE` */
  readonly status: string;
  readonly description?: string;
  readonly findings?: readonly object[];
  readonly enhancedFindings?: readonly object[];
  readonly completedAt?: Date;
  readonly counts?: Readonly<Record<string, number>>;
  /** Of whom it is said to be. @default the image that was asked for */
  readonly digest?: string;
  /** Pages without end. */
  readonly endless?: boolean;
}

/** A call, as ECR received it. */
interface EcrCall {
  readonly operation: string;
  readonly region: string;
  readonly input: EcrInput;
}

/** The members of its calls that are known here. */
interface EcrInput {
  readonly registryId?: string;
  readonly repositoryName?: string;
  readonly filter?: { readonly tagStatus?: string };
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly imageId?: { readonly imageDigest?: string };
}

export interface EcrDoubleOptions {
  /** Whose manifests and blobs are served to requests with a token. Without one, registries have the names of real ones. */
  readonly registry?: { readonly url: string };
  /** @default ["eu-west-1"] */
  readonly regions?: readonly string[];
  /** What time tokens are made at, in milliseconds. @default the machine's */
  readonly now?: () => number;
}

/** Speaks ECR's JSON 1.1 protocol for every region and account at one endpoint. */
export interface EcrDouble extends AsyncDisposable {
  readonly endpoint: string;
  readonly calls: readonly EcrCall[];
  /** How often an operation was called. */
  count(operation: string): number;
  /** Declares what a repository holds; `undefined` deletes it. */
  set(repository: string, images: readonly EcrImage[] | undefined, where?: EcrPlace): void;
  /** Declares what scanning has of an image, whether it is declared or not; `undefined`: it was never scanned. */
  scan(repository: string, digest: string, scan: EcrScan | undefined): void;
  /** Leaves repositories out of the list of them, although they are there. */
  readonly leftOut: Set<string>;
  /** Pushes an image to the registry behind, and declares it with those that are there. */
  push(repository: string, tag: string, options?: ImageOptions & { readonly pushedAt?: Date }): Promise<BlobDescriptor>;
  /** The next `times` calls of an operation in a region (all when empty) fail. @default 1 */
  failNext(operation: string, failure: EcrFailure, times?: number): void;
  /** No token that was given out is good any more. */
  expireTokens(): void;
  /** The registry's host in references. */
  host(region?: string, account?: string): string;
  /** Requests to the registry itself: `GET /v2/…`. */
  readonly registryRequests: readonly string[];
}

interface EcrPlace {
  readonly region?: string;
  readonly account?: string;
}

interface EcrFailure {
  readonly status: number;
  /** `ThrottlingException` */
  readonly type: string;
  readonly message?: string;
  /** What is sent in place of an error. */
  readonly body?: string;
  readonly region?: string;
  /** Calls that succeed before. @default 0 */
  readonly after?: number;
}

const REGION = "eu-west-1";
const TARGET = "AmazonEC2ContainerRegistry_V20150921.";
const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/([a-z0-9-]+)\/ecr\/aws4_request, SignedHeaders=.+, Signature=[0-9a-f]{64}$/;
const TOKEN_LIFE = 12 * 3600;

/** @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html */
export async function startEcrDouble(options: EcrDoubleOptions = {}): Promise<EcrDouble> {
  const { registry, regions = [REGION], now = Date.now } = options;
  const repositories = new Map<string, Map<string, readonly EcrImage[]>>();
  const scans = new Map<string, EcrScan>();
  const leftOut = new Set<string>();
  const proxies = new Map<string, RegistryProxy>();
  const failures: { readonly operation: string; failure: EcrFailure; left: number; after: number }[] = [];
  const calls: EcrCall[] = [];
  let tokens = new Set<string>();

  if (registry)
    for (const region of regions) proxies.set(region, await startGuarded(registry.url, (t) => tokens.has(t)));
  const host = (region = REGION, account = ECR_ACCOUNT): string =>
    proxies.get(region)?.host ?? `${account}.dkr.ecr.${region}.amazonaws.com`;
  const at = ({ region = REGION, account = ECR_ACCOUNT }: EcrPlace): Map<string, readonly EcrImage[]> => {
    const key = `${account}/${region}`;
    const found = repositories.get(key) ?? new Map<string, readonly EcrImage[]>();
    repositories.set(key, found);
    return found;
  };

  const operations: Readonly<Record<string, (call: EcrCall, account: string) => object>> = {
    DescribeRepositories({ input, region }, account) {
      const names = [...at({ region, account }).keys()].filter((name) => !leftOut.has(name)).sort();
      const [page, nextToken] = paged(names, input);
      const described = page.map((repositoryName) => ({
        registryId: account,
        repositoryName,
        repositoryUri: `${host(region, account)}/${repositoryName}`,
        createdAt: now() / 1000,
      }));
      return { repositories: described, nextToken };
    },
    DescribeImages({ input, region }, account) {
      const { repositoryName: name = "", filter } = input;
      const images = at({ region, account }).get(name);
      if (!images)
        throw new Refusal("RepositoryNotFoundException", `The repository with name '${name}' does not exist`);
      const [page, nextToken] = paged(
        filter?.tagStatus === "TAGGED" ? images.filter(({ tags }) => tags.length > 0) : images,
        input,
      );
      const imageDetails = page.map(({ digest, tags, pushedAt, status }) => ({
        registryId: account,
        repositoryName: name,
        imageDigest: digest,
        imageTags: tags,
        imagePushedAt: (pushedAt?.getTime() ?? now()) / 1000,
        ...(status && { imageStatus: status }),
      }));
      return { imageDetails, nextToken };
    },
    DescribeImageScanFindings({ input }, account) {
      const { repositoryName = "", imageId: { imageDigest = "" } = {} } = input;
      const scan = scans.get(`${repositoryName}@${imageDigest}`);
      if (!scan)
        throw new Refusal("ScanNotFoundException", `Image scan does not exist for the image with '${imageDigest}'`);
      return scanPage(scan, { registryId: account, repositoryName, imageDigest }, input);
    },
    GetAuthorizationToken({ region }) {
      const token = randomUUID();
      tokens.add(token);
      const authorizationToken = Buffer.from(`AWS:${token}`).toString("base64");
      const scheme = proxies.has(region) ? "http" : "https";
      const expiresAt = now() / 1000 + TOKEN_LIFE;
      return { authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: `${scheme}://${host(region)}` }] };
    },
  };

  const server = await startLoopbackServer((request, response) => {
    try {
      const call = parseCall(request);
      calls.push(call);
      const failing = failures.find(
        (one) =>
          one.left > 0 && one.operation === call.operation && (one.failure.region ?? call.region) === call.region,
      );
      if (failing && failing.after > 0) failing.after -= 1;
      else if (failing) {
        failing.left -= 1;
        const { type, message = "no", status, body } = failing.failure;
        if (body !== undefined) return void response.writeHead(status, JSON_TYPE).end(body);
        throw new Refusal(type, message, status);
      }
      const operate = operations[call.operation];
      if (!operate) throw new Refusal("UnknownOperationException", call.operation, 404);
      json(response, 200, operate(call, call.input.registryId ?? ECR_ACCOUNT));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      json(response, error.status, { __type: error.type, message: error.message });
    }
  });

  return {
    leftOut,
    endpoint: server.url,
    calls,
    count: (operation) => calls.filter((call) => call.operation === operation).length,
    set(repository, images, where = {}) {
      if (images) at(where).set(repository, images);
      else at(where).delete(repository);
    },
    scan(repository, digest, scan) {
      if (scan) scans.set(`${repository}@${digest}`, scan);
      else scans.delete(`${repository}@${digest}`);
    },
    async push(repository, tag, { pushedAt, ...image } = {}) {
      if (!registry) throw new Error("this double has no registry behind it");
      const pushed = await pushImage(registry, repository, tag, image);
      const others = (at({}).get(repository) ?? []).map((one) => ({ ...one, tags: one.tags.filter((t) => t !== tag) }));
      const entry = { digest: pushed.digest, tags: [tag], ...(pushedAt && { pushedAt }) };
      at({}).set(repository, [...others, entry]);
      return pushed;
    },
    failNext: (operation, failure, times = 1) =>
      void failures.push({ operation, failure, left: times, after: failure.after ?? 0 }),
    expireTokens: () => void (tokens = new Set()),
    host,
    get registryRequests() {
      return [...proxies.values()].flatMap(({ requests }) => requests.map(({ line }) => line));
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
    },
  };
}

class Refusal extends Error {
  readonly type: string;
  readonly status: number;
  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

function parseCall({ headers, body, method, path }: ReceivedRequest): EcrCall {
  const target = String(headers["x-amz-target"]);
  const region = SIGNED.exec(headers.authorization ?? "")?.[1];
  if (region === undefined) throw new Refusal("UnrecognizedClientException", "the request is not signed", 403);
  if (method !== "POST" || path !== "/" || !target.startsWith(TARGET))
    throw new Refusal("UnknownOperationException", target);
  if (headers["content-type"] !== "application/x-amz-json-1.1") throw new Refusal("SerializationException", "JSON 1.1");
  const input = JSON.parse(body.toString()) as EcrInput;
  return { operation: target.slice(TARGET.length), region, input };
}

function paged<T>(all: readonly T[], { maxResults: size = 100, nextToken }: EcrInput): [T[], string | undefined] {
  if (size < 1 || size > 1000) throw new Refusal("InvalidParameterException", "maxResults must be between 1 and 1000");
  const from = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, "base64").toString());
  const end = from + size;
  return [all.slice(from, end), end < all.length ? Buffer.from(String(end)).toString("base64") : undefined];
}

const JSON_TYPE = { "content-type": "application/x-amz-json-1.1" };

/** Each page repeats everything but the findings. */
function scanPage(
  { status, description, findings, enhancedFindings, completedAt, counts, digest, endless }: EcrScan,
  { registryId, repositoryName, imageDigest }: { registryId: string; repositoryName: string; imageDigest: string },
  input: EcrInput,
): object {
  const [page, next] = paged(enhancedFindings ?? findings ?? [], input);
  const nextToken = endless ? randomUUID() : next;
  const some = enhancedFindings ? { enhancedFindings: page, findings } : { findings: findings && page };
  const at = completedAt && completedAt.getTime() / 1000;
  return {
    registryId,
    repositoryName,
    imageId: { imageDigest: digest ?? imageDigest },
    imageScanStatus: { status, description },
    imageScanFindings: {
      ...some,
      imageScanCompletedAt: at,
      vulnerabilitySourceUpdatedAt: at,
      findingSeverityCounts: counts,
    },
    nextToken,
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "x-amzn-requestid": randomUUID(), ...JSON_TYPE }).end(JSON.stringify(body));
}

/** The registry behind a check of tokens. Expired ones are refused by 403, as ECR does it. */
async function startGuarded(upstream: string, good: (token: string) => boolean): Promise<RegistryProxy> {
  const proxy = await startRegistryProxy(upstream);
  proxy.intercept(({ headers }, response) => {
    const [, encoded = ""] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? [];
    const [user, token = ""] = Buffer.from(encoded, "base64").toString().split(":");
    if (user === "AWS" && good(token)) {
      delete headers.authorization;
      return false;
    }
    const challenge = `Basic realm="https://${proxy.host}/",service="ecr.amazonaws.com"`;
    if (encoded === "") response.writeHead(401, { "www-authenticate": challenge }).end("Not Authorized\n");
    else response.writeHead(403, { "content-type": "application/json" }).end(EXPIRED);
    return true;
  });
  return proxy;
}

const EXPIRED = JSON.stringify({
  errors: [{ code: "DENIED", message: "Your authorization token has expired. Reauthenticate and try again." }],
});
