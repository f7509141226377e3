import { z } from "zod";
import type { Operation } from "./operation.ts";

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/** Text whose backticks mark code. */
const prose = (text: string): string => escape(text).replace(/`([^`]+)`/g, "<code>$1</code>");

/** The page of `/docs`: the operations, for people. Without scripts, so that the strictest policy can stand. */
export function docsPage(operations: readonly Operation[], version: string): string {
  const sections = operations.map(({ method, path, summary, description, role, query, answers }) => {
    const rows = Object.entries(answers).map(
      ([status, { description: meaning }]) => `<dt>${status}</dt><dd>${prose(meaning)}</dd>`,
    );
    const who = role === undefined ? "anybody" : `role ${role}, unless the configuration leaves it open`;
    return `<section><h2><code>${method} ${escape(path)}</code></h2><p>${prose(summary)}</p>
${description === undefined ? "" : `<p>${prose(description)}</p>`}${parametersOf(query)}<p>For ${who}.</p><dl>${rows.join("")}</dl></section>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Executor registry</title>
<meta name="viewport" content="width=device-width">
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}dt{float:left;width:3rem}dd{margin-left:4rem}h2{font-size:1.1rem;border-top:1px solid #8888;padding-top:1rem}</style>
<h1>Executor registry ${escape(version)}</h1>
<p>Which image an executor type means right now. Everything here, for programs: <a href="/openapi.json">openapi.json</a>.
Errors are problems as of RFC 9457.</p>
${sections.join("\n")}</html>
`;
}

/** The query's parameters, in a sentence each. */
function parametersOf(query: Operation["query"]): string {
  const { properties = {} } = (
    query === undefined ? {} : z.toJSONSchema(query, { io: "input", unrepresentable: "any" })
  ) as {
    properties?: Record<
      string,
      { description?: string; enum?: readonly string[]; default?: string | number | boolean }
    >;
  };
  const rows = Object.entries(properties).map(([name, { description = "", enum: values, default: otherwise }]) => {
    const choice = values === undefined ? "" : ` One of ${values.join(", ")}.`;
    const usual = otherwise === undefined ? "" : ` Default ${String(otherwise)}.`;
    return `<li><code>${escape(name)}</code> ${prose(`${description}${choice}${usual}`)}</li>`;
  });
  return rows.length === 0 ? "" : `<ul>${rows.join("")}</ul>`;
}
