import { type Place, RegistryError } from "./errors.ts";
import type { HttpAnswer, OutgoingRequest, Transport } from "./transport.ts";

const MAX_HOPS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Where a client may be sent. */
export interface Reach {
  /** The registry's own origin: contacted at any address, private ones included. */
  readonly home: URL;
  /** Plain HTTP, as for the registry itself. */
  readonly insecure: boolean;
  /** Other hosts may have private addresses too. */
  readonly allowPrivateAddresses: boolean;
}

/**
 * Sends a request and follows redirects, five at most. Credentials are never sent on to another origin.
 * @param count called for every request sent
 * @throws RefusedAddressError for a private address that is not the registry's own
 */
export async function follow(
  transport: Transport,
  first: Omit<OutgoingRequest, "guarded">,
  reach: Reach,
  count: () => void,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  let { url, headers } = first;
  for (let hop = 0; ; hop += 1) {
    if (url.protocol !== "https:" && !(reach.insecure && url.protocol === "http:")) throw downgrade(url, first.place);
    const guarded = !reach.allowPrivateAddresses && url.origin !== reach.home.origin;
    count();
    const answer = await transport.send({ ...first, url, headers, guarded }, signal);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    if (hop === MAX_HOPS) throw new RegistryError("registry-protocol", `more than ${MAX_HOPS} redirects`, first.place);
    const next = URL.parse(location, url.href);
    // The body of a POST holds a refresh token, so it goes nowhere else.
    if (!next || first.method === "POST") {
      throw new RegistryError("registry-protocol", `${url.host} redirects to where it cannot be followed`, first.place);
    }
    if (next.origin !== url.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "authorization"));
    }
    url = next;
  }
}

function downgrade(url: URL, place: Place): RegistryError {
  return new RegistryError(
    "refused-address",
    `it sends us to ${url.protocol}//${url.host}, which is not HTTPS. If that is meant to be, mark this registry insecure`,
    place,
  );
}
