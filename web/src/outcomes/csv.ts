// Its `csvParse` makes a function of the heading, which the policy of the page forbids.
import { csvParseRows } from "d3-dsv";

/** An outcome as the API takes it. */
export interface NewOutcome {
  model: string;
  task: string;
  accuracy: number;
  protocol?: string;
  images?: number;
  seed?: number;
}

const COLUMNS = ["model", "task", "accuracy", "protocol", "images", "seed"];

/** Read the outcomes of a CSV file with a heading; raises an `Error` that names the line and what is wrong. */
export function outcomesOf(text: string): NewOutcome[] {
  const [heading = [], ...lines] = csvParseRows(text.replace(/^\uFEFF/, ""));
  const columns = heading.map((each) => each.trim());
  const unknown = columns.filter((each) => !COLUMNS.includes(each));
  const lacking = COLUMNS.slice(0, 3).filter((each) => !columns.includes(each));
  if (lacking.length || unknown.length)
    throw new Error(`The first line has to name the columns ${COLUMNS.join(", ")}; the last three may be left out. ${lacking.length ? `Missing: ${lacking.join(", ")}.` : `Unknown: ${unknown.join(", ")}.`}`);
  return lines.map((line, i) => {
    const row = Object.fromEntries(columns.map((each, at) => [each, line[at] ?? ""]));
    const number = (name: string, required = false): number | undefined => {
      const stated = row[name]?.trim() ?? "";
      if (stated === "" && !required) return undefined;
      const value = Number(stated);
      if (stated === "" || !Number.isFinite(value)) throw new Error(`Line ${i + 2}: ${name} has to be a number, and is "${stated}".`);
      return value;
    };
    const found: NewOutcome = { model: row["model"]!.trim(), task: row["task"]!.trim(), accuracy: number("accuracy", true)! };
    const protocol = row["protocol"]?.trim();
    if (protocol) found.protocol = protocol;
    const [images, seed] = [number("images"), number("seed")];
    if (images !== undefined) found.images = images;
    if (seed !== undefined) found.seed = seed;
    return found;
  });
}
