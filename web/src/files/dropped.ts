import type { Member } from "./tar";

/** What somebody chose: files of a folder, or one archive. */
export interface Dropped {
  name: string;
  members: Member[];
  archive: File | null;
}

const ARCHIVES = /\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|npz|parquet)$/i;

/** All that was dropped. Has to be called while the event is handled: what was dropped is gone after it. */
export function droppedOn(transfer: DataTransfer): Promise<Dropped> {
  const entries = [...transfer.items].flatMap((each) => each.webkitGetAsEntry() ?? []);
  const files = [...transfer.files];
  return entries.length ? fromEntries(entries, files) : Promise.resolve(fromFiles(files));
}

/** Files as a file chooser gives them, of a folder with their path in it. */
export function fromFiles(files: readonly File[]): Dropped {
  const [first] = files;
  if (files.length === 1 && first && ARCHIVES.test(first.name))
    return { name: first.name.replace(ARCHIVES, ""), members: [], archive: first };
  return named(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

async function fromEntries(entries: FileSystemEntry[], files: readonly File[]): Promise<Dropped> {
  if (entries.length === 1 && entries[0]!.isFile) return fromFiles(files);
  const members: Member[] = [];
  for (const each of entries) await walk(each, members);
  return named(members);
}

async function walk(entry: FileSystemEntry, found: Member[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A browser gives some at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return;
    for (const each of some) await walk(each, found);
  }
}

/** What was chosen before, and more; an archive is not added to, it takes the place. */
export async function together(before: Dropped | null, more: Dropped): Promise<Dropped> {
  if (!before || before.archive || more.archive) return more;
  const taken = new Map(before.members.map((each) => [each.path, each.file]));
  const members = [...before.members];
  for (const { path, file } of more.members) {
    let own = path;
    let there = taken.get(own);
    for (let number = 2; there && !(await same(there, file)); number += 1) {
      own = path.replace(/(\.\w+)?$/, `_${number}$1`);
      there = taken.get(own);
    }
    if (there) continue;
    taken.set(own, file);
    members.push({ path: own, file });
  }
  return { name: before.name || more.name, members, archive: null };
}

async function same(one: File, other: File): Promise<boolean> {
  if (one.size !== other.size) return false;
  const [a, b] = [new Uint8Array(await one.arrayBuffer()), new Uint8Array(await other.arrayBuffer())];
  return a.every((byte, at) => byte === b[at]);
}

/** The folder that holds all is the name of the data set, and no class. */
function named(members: Member[]): Dropped {
  const [top] = members[0]?.path.split("/", 1) ?? [];
  const deep = members.some((each) => each.path.split("/").length > 2);
  const within = deep && members.every((each) => each.path.startsWith(`${top}/`));
  if (!within) return { name: "", members, archive: null };
  return {
    name: top ?? "",
    members: members.map((each) => ({ ...each, path: each.path.slice(top!.length + 1) })),
    archive: null,
  };
}
