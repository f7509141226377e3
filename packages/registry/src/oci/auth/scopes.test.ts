import assert from "node:assert/strict";
import { test } from "node:test";
import { createScopes, type Resource } from "./scopes.ts";

const ml: Resource = { kind: "repository", name: "team/executor-ml" };
const nlp: Resource = { kind: "repository", name: "executor-nlp" };

test("a token is asked for to pull from one repository", () => {
  const scopes = createScopes();
  assert.equal(scopes.of(ml), "repository:team/executor-ml:pull");
  assert.equal(scopes.of({ kind: "registry" }), undefined);
  assert.equal(scopes.of({ kind: "catalog" }), "registry:catalog:*");
});

test("what Azure requires for one repository is asked for at once for the next", () => {
  const scopes = createScopes();
  scopes.learn(ml, "repository:team/executor-ml:metadata_read");
  scopes.learn(ml, "repository:team/executor-ml:pull");
  assert.equal(scopes.of(nlp), "repository:executor-nlp:metadata_read,pull");
});

test("a registry cannot make us ask for more than reading, or for another repository", () => {
  const scopes = createScopes();
  scopes.learn(ml, "repository:team/executor-ml:pull,push,delete");
  scopes.learn(ml, "repository:secret/other:pull");
  assert.equal(scopes.of(ml), "repository:team/executor-ml:pull");
});

test("a scope of no grammar, as Forgejo has, is used as it is", () => {
  const scopes = createScopes();
  scopes.learn(ml, "*");
  assert.equal(scopes.of(nlp), "*");
  scopes.learn(nlp, undefined);
  assert.equal(scopes.of(nlp), "*");
});
