// What was dropped, kept by the browser until it has arrived, so that a page loaded anew can go on without asking for it.
const STORE = "dropped";

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("era-uploads", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const asked = work(database.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } finally {
    database.close();
  }
}

/** Handles of a drop, where the browser gives any; must be called while the event lasts. */
export function handlesOf(transfer) {
  const asked = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.getAsFileSystemHandle?.());
  return Promise.all(asked)
    .then((handles) => handles.filter(Boolean))
    .catch(() => []);
}

/** A browser may refuse to keep anything (a private window): then there is nothing to go on with. */
export async function keep(draft, handles) {
  try {
    const before = await kept(draft);
    await inStore("readwrite", (store) => store.put([...before, ...handles], draft));
  } catch {
    /* as if nothing had been dropped */
  }
}

export async function kept(draft) {
  try {
    return (await inStore("readonly", (store) => store.get(draft))) ?? [];
  } catch {
    return [];
  }
}

export async function forget(draft) {
  try {
    await inStore("readwrite", (store) => store.delete(draft));
  } catch {
    /* there was nothing */
  }
}

/** Whether all of them may be read; asks, so it must follow a click. */
export async function allowed(handles) {
  for (const handle of handles) {
    if ((await handle.requestPermission({ mode: "read" })) !== "granted") {
      return false;
    }
  }
  return true;
}
