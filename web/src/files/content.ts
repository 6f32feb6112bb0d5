import { unzip } from "fflate";
import type { Dropped } from "./dropped";
import type { Member } from "./tar";

/** What would be sent, as far as the page can tell before it is. */
export interface Content {
  /** The images, by class; null for an archive that the page does not look into. */
  classes: Map<string, Member[]> | null;
  /** Numbers of images by class where the images themselves are in an archive. */
  counts: Map<string, number> | null;
  left: string[];
  loose: number;
  bytes: number;
}

const IMAGES = /\.(png|jpe?g|gif|bmp|webp|tiff?|ppm|pgm)$/i;
const MOST_ZIP = 200e6;

export async function contentOf(dropped: Dropped): Promise<Content> {
  if (dropped.archive) return { ...(await listed(dropped.archive)), bytes: dropped.archive.size };
  const classes = new Map<string, Member[]>();
  const left: string[] = [];
  let bytes = 0;
  let loose = 0;
  for (const each of dropped.members) {
    if (hidden(each.path)) continue;
    if (!IMAGES.test(each.path)) {
      left.push(each.path);
      continue;
    }
    const label = classOf(each.path);
    if (label === null) {
      loose += 1;
      continue;
    }
    classes.set(label, [...(classes.get(label) ?? []), each]);
    bytes += each.file.size;
  }
  return { classes: ordered(classes), counts: null, left, loose, bytes };
}

/** The members to send: images in folders; the rest stays where it is. */
export const sendable = (content: Content): Member[] => [...(content.classes?.values() ?? [])].flat();

/** Count the images of a zip by its list of contents; of other archives the server tells. */
async function listed(archive: File): Promise<Omit<Content, "bytes">> {
  const none = { classes: null, counts: null, left: [], loose: 0 };
  if (!/\.zip$/i.test(archive.name) || archive.size > MOST_ZIP) return none;
  const data = new Uint8Array(await archive.arrayBuffer());
  const names = await new Promise<string[] | null>((done) => {
    const found: string[] = [];
    const filter = ({ name }: { name: string }) => {
      found.push(name);
      return false;
    };
    unzip(data, { filter }, (error) => done(error ? null : found));
  });
  if (!names) return none;
  const counts = new Map<string, number>();
  let loose = 0;
  for (const each of names) {
    if (hidden(each) || !IMAGES.test(each)) continue;
    const label = classOf(each);
    if (label === null) loose += 1;
    else counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return { ...none, counts: ordered(counts), loose };
}

const hidden = (path: string): boolean => path.split("/").some((each) => each.startsWith(".") || each === "__MACOSX");

const classOf = (path: string): string | null => path.split("/").at(-2) ?? null;

const ordered = <T>(all: Map<string, T>): Map<string, T> => new Map([...all].sort(([a], [b]) => a.localeCompare(b)));
