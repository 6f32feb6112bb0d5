// Writes src/api/schema.ts, the types of the HTTP API, from an OpenAPI document on stdin.
import { mkdirSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import openapiTypescript, { astToString } from "openapi-typescript";

const document = JSON.parse(await text(process.stdin));
// The words and the errors are for people: without them the file is a tenth as large.
for (const path of Object.values(document.paths))
  for (const operation of Object.values(path))
    operation.responses = Object.fromEntries(
      Object.entries(operation.responses).filter(([status]) => status.startsWith("2")),
    );
const tree = await openapiTypescript(strip(document));
mkdirSync("src/api", { recursive: true });
writeFileSync("src/api/schema.ts", astToString(tree));

function strip(value, inside = "") {
  if (Array.isArray(value)) return value.map((each) => strip(each));
  if (value === null || typeof value !== "object") return value;
  const words = inside === "properties" ? [] : ["description", "examples", "example", "title"];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !words.includes(name))
      .map(([name, each]) => [name, strip(each, name)]),
  );
}
