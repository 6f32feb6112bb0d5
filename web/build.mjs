// Bundles the page into the package that serves it: the map, with deck.gl, is a file of its own.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const outdir = process.argv[2] ?? "../api/task2vec_api/pages/atlas";
const shared = {
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
  metafile: true,
  outdir,
};

const built = [
  await build({ ...shared, entryPoints: { atlas: "src/main.ts", style: "src/style/index.css" } }),
  await build({ ...shared, entryPoints: { "task-map": "src/map/task-map.ts" } }),
];
writeFileSync(`${outdir}/licences.txt`, licences(built.flatMap((each) => Object.keys(each.metafile.inputs))));

/** The licences of the packages that files come from, which ask to be passed on. */
function licences(files) {
  const folders = new Set(files.map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  return [...folders].sort().map(licence).join(`\n${"-".repeat(80)}\n\n`);
}

function licence(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
  return `${name} ${version}, ${license}\n\n${text}\n`;
}
