import { connection } from "./connection";
import { ApiError, parse, unreachable } from "./problem";
import type { Dataset } from "./types";

/** Upload an archive as a data set and tell how many bytes have gone; fetch cannot tell that. */
export function upload(
  archive: Blob,
  options: { file: string; name: string; tell: (sent: number, total: number) => void; signal: AbortSignal },
): Promise<Dataset> {
  const form = new FormData();
  form.set("name", options.name);
  form.set("file", archive, options.file);
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", new URL("v1/datasets", document.baseURI));
    if (connection.key) request.setRequestHeader("Authorization", `Bearer ${connection.key}`);
    request.upload.addEventListener("progress", (event) => options.tell(event.loaded, event.total));
    request.addEventListener("load", () => {
      if (request.status < 300) return done(JSON.parse(request.responseText) as Dataset);
      if (request.status === 401) connection.lock(true);
      const id = request.getResponseHeader("X-Request-ID");
      fail(new ApiError(parse(request.responseText, request.status, id), request.status));
    });
    request.addEventListener("error", () => {
      connection.lose();
      fail(unreachable());
    });
    request.addEventListener("abort", () => fail(new DOMException("cancelled", "AbortError")));
    options.signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
