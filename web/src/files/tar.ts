/** A file to be sent, by its path in the archive. */
export interface Member {
  path: string;
  file: File;
}

const BLOCK = 512;
const NAME = 100;
const encoder = new TextEncoder();

/**
 * A tar archive of files, made of their blobs: nothing is read before it is sent.
 * Paths that a plain header cannot hold stand in a pax header before it.
 */
export function tarOf(members: readonly Member[]): Blob {
  const parts: BlobPart[] = [];
  for (const { path, file } of members) {
    const name = encoder.encode(path);
    if (name.length > NAME || name.length !== path.length) {
      const record = pax("path", path);
      parts.push(header(encoder.encode("pax"), record.length, "x"), record, padding(record.length));
    }
    parts.push(header(name.slice(0, NAME), file.size, "0"), file, padding(file.size));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Blob(parts, { type: "application/x-tar" });
}

function header(name: Uint8Array, size: number, kind: "0" | "x"): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  block.set(name, 0);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, " ".repeat(8));
  put(156, kind);
  put(257, "ustar\x0000");
  const sum = block.reduce((total, each) => total + each, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** A record of a pax header: its length, which counts itself, then `name=value`. */
function pax(name: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = encoder.encode(` ${name}=${value}\n`);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  const record = new Uint8Array(length);
  record.set(encoder.encode(String(length)));
  record.set(rest, length - rest.length);
  return record;
}

const padding = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
