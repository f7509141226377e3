import { X509Certificate, type KeyObject } from "node:crypto";
import type { Clock } from "@executor-registry/resolver";
import { boundedFetch } from "../net/bounded-fetch.ts";
import { UnauthorizedWebhookError, WebhookUnavailableError } from "./errors.ts";

/** The certificates that SNS signs with, by their URL. */
export interface SnsCertificates {
  /**
   * @param url checked: on SNS's own host
   * @throws WebhookUnavailableError when it cannot be fetched; UnauthorizedWebhookError when it is not valid now
   */
  key(url: URL, signal: AbortSignal): Promise<KeyObject>;
}

const LIMITS = { bytes: 16 << 10, time: 5000 };
/** One for each region, and for each time that Amazon changes it. */
const MAX_CERTIFICATES = 16;
const PATH = /^\/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem$/;

export function createSnsCertificates(kind: string, fetch: typeof globalThis.fetch, clock: Clock): SnsCertificates {
  // In the order of their fetching.
  const known = new Map<string, X509Certificate>();

  async function load(url: URL, signal: AbortSignal): Promise<X509Certificate> {
    let pem: Buffer;
    try {
      pem = await boundedFetch(fetch, url, LIMITS, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new WebhookUnavailableError(kind, "the signing certificate cannot be fetched", { cause });
    }
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new WebhookUnavailableError(kind, "the signing certificate cannot be read", { cause });
    }
  }

  return {
    async key(url, signal) {
      if (!PATH.test(url.pathname) || url.search !== "") {
        throw new UnauthorizedWebhookError(kind, "SigningCertURL is no URL of a signing certificate");
      }
      const certificate = known.get(url.href) ?? (await load(url, signal));
      const now = clock.now();
      if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
        known.delete(url.href);
        throw new UnauthorizedWebhookError(kind, "the signing certificate is not valid now");
      }
      known.set(url.href, certificate);
      for (const oldest of known.keys()) {
        if (known.size <= MAX_CERTIFICATES) break;
        known.delete(oldest);
      }
      return certificate.publicKey;
    },
  };
}
