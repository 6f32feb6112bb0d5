import createClient from "openapi-fetch";
import { connection } from "./connection";
import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema";

const BUSY = [429, 503];
// A server computes for one caller only so many answers at once, and refuses the rest.
const AT_ONCE = 2;
const TRIES = 6;
const LONGEST_WAIT_S = 10;

/**
 * Send a request with the key of the tab; raises `ApiError` for an error of any kind. A server that has too much to do
 * has begun nothing, and is asked again when it says so.
 */
export async function send(request: Request): Promise<Response> {
  for (let tried = 1; ; tried++) {
    const answer = await inTurn(() => sendOnce(request.clone()));
    if (answer.ok) return answer;
    const wait = Number(answer.headers.get("Retry-After"));
    if (!BUSY.includes(answer.status) || !wait || tried === TRIES) throw await problemOf(answer);
    await new Promise((done) => setTimeout(done, 1000 * Math.min(wait, LONGEST_WAIT_S)));
    request.signal.throwIfAborted();
  }
}

let under = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(ask: () => Promise<T>): Promise<T> {
  if (under < AT_ONCE) under += 1;
  else await new Promise<void>((done) => waiting.push(done));
  try {
    return await ask();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else under -= 1;
  }
}

async function sendOnce(request: Request): Promise<Response> {
  const key = connection.key;
  if (key) request.headers.set("Authorization", `Bearer ${key}`);
  let answer: Response;
  try {
    answer = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    connection.lose();
    throw unreachable();
  }
  connection.found();
  // An answer to a key of before says nothing of the one that was given since.
  if (answer.status === 401 && key === connection.key) connection.lock(key !== "");
  return answer;
}

/** The address of the server: that of the page, which a proxy may serve below a path. */
export const SERVER = new URL(".", location.href.split("#")[0]).href.replace(/\/$/, "");

/** The public HTTP API, typed by its OpenAPI document. */
export const api = createClient<paths>({ baseUrl: SERVER, fetch: send });

/** Read an answer that `send` has already checked. */
export async function data<A extends { data?: unknown }>(answer: Promise<A>): Promise<NonNullable<A["data"]>> {
  return (await answer).data as NonNullable<A["data"]>;
}

/** All pages of a list. */
export async function* pages<T extends { next_page_token?: string | null }>(
  ask: (token: string | undefined) => Promise<{ data?: T }>,
): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const page = (await ask(token)).data as T;
    yield page;
    token = page.next_page_token ?? undefined;
  } while (token);
}
