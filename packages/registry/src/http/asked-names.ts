import { isIP } from "node:net";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { oneLine } from "../model/one-line.ts";

/** Refuses a request by its `Host`. @returns why it is refused */
export type RefuseName = (host: string | undefined) => ExecutorRegistryError | undefined;

/**
 * Against DNS rebinding: the page of a site whose name is made to lead here asks by that name, whatever it is. Addresses and names that
 * public DNS does not have are no such site's.
 * @param names those that may be asked by besides
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-421-misdirected-request
 */
export function refuseOtherNames(names: readonly string[]): RefuseName {
  const accepted = new Set(names.map((name) => name.toLowerCase()));
  return (host = "") => {
    const name = /^(\[.*\]|[^:]*?)\.?(?::\d+)?$/.exec(host.toLowerCase())?.[1];
    if (name !== undefined && (isPrivateName(name) || accepted.has(name))) return undefined;
    const remedy = "Ask by its address, or add the name to listen.hosts";
    const detail = `this service is not asked by the name ${oneLine(name ?? host, 200)}. ${remedy}`;
    return new ExecutorRegistryError(SERVICE_ERRORS["misdirected-request"], detail);
  };
}

const isPrivateName = (name: string): boolean =>
  isIP(name.replace(/^\[|\]$/g, "")) !== 0 || /^[a-z0-9_-]*$|\.(?:localhost|internal)$/.test(name);
