import { BlockList, isIP, isIPv4 } from "node:net";

/**
 * What is not the public internet.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
// Unicast addresses are given out from 2000::/3 only; Teredo, ORCHID and documentation lie within.
const PUBLIC_IPV6 = new BlockList();
PUBLIC_IPV6.addSubnet("2000::", 3, "ipv6");
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["3fff::", 20],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}

/** Whether an IP address (without brackets) may be contacted for a foreign server: a public unicast one. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  if (isIPv4(bare)) return !PRIVATE.check(bare, "ipv4");
  if (isIP(bare) === 0) return false;
  const embedded = embeddedIPv4(bare);
  if (embedded !== undefined) return !PRIVATE.check(embedded, "ipv4");
  return PUBLIC_IPV6.check(bare, "ipv6") && !PRIVATE.check(bare, "ipv6");
}

/** The IPv4 address that a mapped (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`) address leads to. */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const [first, second] = groups;
  const start = first === 0x2002 ? 1 : 6;
  const upper = groups.slice(2, 6).every((group) => group === 0);
  const mapped =
    first === 0 && second === 0 && groups.slice(2, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (start !== 1 && !mapped && !(first === 0x64 && second === 0xff9b && upper)) return undefined;
  return groups
    .slice(start, start + 2)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes every form, also one that ends in an IPv4 address, in hex groups.
  const { hostname } = new URL(`http://[${address}]`);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const numbers = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const before = numbers(head);
  const after = tail === undefined ? [] : numbers(tail);
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}
