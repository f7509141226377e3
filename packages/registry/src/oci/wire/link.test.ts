import assert from "node:assert/strict";
import { test } from "node:test";
import { nextPage } from "./link.ts";

const from = new URL("https://registry.example.com/v2/team/x/tags/list?n=100");
const place = { host: from.host };
const next = (header: string | undefined): string | undefined => nextPage(header, from, place)?.href;

test("a list goes on where a link of the same registry says", () => {
  const expected = "https://registry.example.com/v2/team/x/tags/list?last=b%2Fc&n=5";
  for (const header of [
    '</v2/team/x/tags/list?last=b%2Fc&n=5>; rel="next"',
    "<https://registry.example.com/v2/team/x/tags/list?last=b%2Fc&n=5>;rel=next",
    '<?last=b%2Fc&n=5>; title="a, b"; REL="prev next"',
    '</first>; rel="first", <?last=b%2Fc&n=5>; rel="next"',
  ]) {
    assert.equal(next(header), expected, header);
  }
});

test("a list ends where no link says that it goes on", () => {
  for (const header of [undefined, "", "</x>", '</x>; rel="prev"', '</x>; rel="nextish"', "</x; rel=next", "<"]) {
    assert.equal(next(header), undefined, header);
  }
});

test("a list does not go on elsewhere", () => {
  for (const target of [
    "https://evil.example.com/",
    "http://registry.example.com/",
    "//evil.example.com/v2",
    "https://[",
  ]) {
    assert.throws(() => next(`<${target}>; rel="next"`), { code: "registry-protocol" });
  }
});

test("a hostile link takes no longer than an honest one", () => {
  for (const unit of ["<", ";rel=", '<>;rel="next ', " ", '<>; rel="']) next(unit.repeat(1_000_000));
});
