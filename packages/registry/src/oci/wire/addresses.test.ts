import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPublicAddress } from "./addresses.ts";

test("only the public internet counts as public", () => {
  for (const address of [
    ..."127.0.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 198.18.0.1".split(
      " ",
    ),
    ..."224.0.0.1 255.255.255.255 192.0.0.192 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 ::127.0.0.1".split(
      " ",
    ),
    ..."::ffff:10.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 2002:7f00:1::1 2001:0:1::1 2001:db8::1".split(
      " ",
    ),
    ..."64:ff9b:1::1 100::1 localhost example.com".split(" "),
    "",
  ]) {
    assert.equal(isPublicAddress(address), false, address);
  }
  for (const address of [
    ..."1.1.1.1 140.82.121.33 172.32.0.1 100.128.0.1 192.167.255.255 11.0.0.1 223.255.255.1".split(" "),
    ..."2606:4700::1111 2a00:1450:4001::1 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1".split(" "),
  ]) {
    assert.equal(isPublicAddress(address), true, address);
  }
});

test("an IPv4 address is judged alike in every form that leads to it", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
      const expected = isPublicAddress(address);
      for (const form of [
        `::ffff:${address}`,
        `::ffff:${hex}`,
        `0:0:0:0:0:ffff:${hex}`,
        `64:ff9b::${hex}`,
        `2002:${hex}::`,
      ]) {
        assert.equal(isPublicAddress(form), expected, form);
      }
    }),
  );
});
