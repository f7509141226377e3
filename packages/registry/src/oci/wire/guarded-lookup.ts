import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { callbackify } from "node:util";
import type { Clock } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import { isPublicAddress } from "./addresses.ts";
import { type Place, RefusedAddressError } from "./errors.ts";

/** Every address of a host name. */
export type ResolveName = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** As the system resolves names, its hosts file included. */
export const systemResolve: ResolveName = (hostname) => systemLookup(hostname, { all: true });

/** @throws RefusedAddressError where the URL itself holds an address that is not public */
export function checkLiteral(url: URL, place: Place): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refused(host, place);
}

/**
 * For a request through a proxy, which resolves the name by itself: refused where this machine knows it for a private one. What it does
 * not know, or not within `ms` milliseconds, is the proxy's to allow.
 * @throws RefusedAddressError
 */
export async function checkKnownName(
  url: URL,
  place: Place,
  resolve: ResolveName,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const { hostname } = url;
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return;
  const unknown = (): Error => new Error("not known in time");
  const known = await withTimeLimit({ clock, ms, signal, late: unknown }, () => resolve(hostname)).catch(() => []);
  if (known.length > 0 && !known.some(({ address }) => isPublicAddress(address))) throw refused(hostname, place);
}

/**
 * Resolves names for connections to foreign hosts. The connection is made to the very addresses that were checked,
 * so a name that resolves to another address in between (DNS rebinding) changes nothing.
 */
export function guardedLookup(resolve: ResolveName, place: Place): LookupFunction {
  const usable = async (hostname: string): Promise<{ readonly address: string; readonly family: number }[]> => {
    const all = await resolve(hostname);
    const found = all.filter(({ address }) => isPublicAddress(address));
    if (found.length === 0) throw refused(hostname, place);
    return found;
  };
  const look = callbackify(usable);
  return (hostname, { all }, callback) =>
    look(hostname, (error, found) => {
      const [first] = found ?? [];
      if (error || !first) callback(error, "");
      else if (all) callback(null, found);
      else callback(null, first.address, first.family);
    });
}

function refused(address: string, place: Place): RefusedAddressError {
  return new RefusedAddressError(
    address,
    `it sends us to ${address}, which is a private, link-local or otherwise not public address. ` +
      "Refused, because a registry could reach into this network that way. " +
      "If its token server or storage really lies there, set allowPrivateAddresses for this registry",
    place,
  );
}
