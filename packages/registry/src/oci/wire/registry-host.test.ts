import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointOf } from "./registry-host.ts";

test("a registry answers where its name in references says, but for Docker Hub", () => {
  assert.equal(endpointOf("docker.io", false).href, "https://registry-1.docker.io/");
  assert.equal(endpointOf("registry.example.com:5000", false).href, "https://registry.example.com:5000/");
  assert.equal(endpointOf("[::1]:5000", true).href, "http://[::1]:5000/");
});
