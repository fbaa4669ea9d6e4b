// The files of what was dropped or chosen, folders with all that is in them: pairs of a path and a File.
const NOT_MEANT = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

const clean = (path) => path.replace(/^\/+/, "").normalize("NFC");

/** Must be called while the event lasts: what it gives can be read later. */
export function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return inAll(entries.filter(Boolean));
}

export function* chosen(input) {
  for (const file of input.files) {
    if (!NOT_MEANT.has(file.name)) {
      yield [clean(file.webkitRelativePath || file.name), file];
    }
  }
}

async function* inAll(entries) {
  for (const entry of entries) {
    if (entry instanceof File) {
      yield [clean(entry.name), entry];
    } else {
      yield* inEntry(entry);
    }
  }
}

async function* inEntry(entry) {
  if (entry.isDirectory) {
    for (const inner of await everyEntry(entry.createReader())) {
      yield* inEntry(inner);
    }
  } else if (!NOT_MEANT.has(entry.name)) {
    yield [clean(entry.fullPath), await new Promise((resolve, reject) => entry.file(resolve, reject))];
  }
}

/** A reader gives a hundred at a time, and nothing at the end. */
async function everyEntry(reader) {
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) {
      return all;
    }
    all.push(...some);
  }
}

/** The same from what the browser remembers of earlier ones (File System Access). */
export async function* remembered(handles) {
  for (const handle of handles) {
    yield* inHandle(handle, "");
  }
}

async function* inHandle(handle, above) {
  const path = above + handle.name;
  if (handle.kind === "file") {
    if (!NOT_MEANT.has(handle.name)) {
      yield [clean(path), await handle.getFile()];
    }
    return;
  }
  for await (const inner of handle.values()) {
    yield* inHandle(inner, `${path}/`);
  }
}
