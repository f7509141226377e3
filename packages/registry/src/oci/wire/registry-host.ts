import { isIPv4, isIPv6 } from "node:net";

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Why a host cannot be that of a registry in image references; `undefined` when it can.
 * @param host `host[:port]`
 * @see https://github.com/distribution/reference/blob/v0.6.0/reference.go
 */
export function hostMistake(host: string): string | undefined {
  if (isIPv6(host)) return `an IPv6 address goes in brackets: [${host}]`;
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(.*))?$/.exec(host) ?? [];
  if (bracketed === undefined && plain === undefined)
    return "expected a registry's host, with its port where that is not 443";
  if (port !== undefined && (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535))
    return `"${port}" is not a port: expected a number from 1 to 65535`;
  if (plain === undefined) return isIPv6(bracketed ?? "") ? undefined : `"${bracketed}" is not an IPv6 address`;
  const labels = plain.split(".");
  if (plain.length > 253 || !labels.every((label) => LABEL.test(label)))
    return `"${plain}" is not a host name: expected letters, digits and dashes between dots`;
  // What ends in a number is an address, also for URLs: 127.1 and 0x7f.1 would be another host than they are called.
  const last = labels.at(-1) ?? "";
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(last) && !isIPv4(plain)) return `"${plain}" is not an IPv4 address`;
  if (labels.length === 1 && port === undefined && plain !== "localhost") {
    return `Kubernetes reads images of "${plain}" as docker.io/${plain}/…, since a registry's name has a dot or a port: write its whole name, or ${plain}:443`;
  }
  return undefined;
}

/** Docker Hub's name in references is not where it answers. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "docker.io": "registry-1.docker.io",
  "index.docker.io": "registry-1.docker.io",
};

/**
 * Where a registry answers.
 * @param host `host[:port]` as in references
 */
export function endpointOf(host: string, insecure: boolean): URL {
  return new URL(`${insecure ? "http" : "https"}://${ELSEWHERE[host] ?? host}`);
}
