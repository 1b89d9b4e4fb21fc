/* SPDX-License-Identifier: Apache-2.0 */
/* Files that were picked or dropped, and files that are saved. Nothing else touches the disk. */
import { el } from './dom.js';

/** Folders are searched no further. */
const limits = { files: 10_000, depth: 8 } as const;

function filesOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function batchOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function collect(entry: FileSystemEntry, depth: number, into: File[]): Promise<void> {
  if (into.length >= limits.files || depth > limits.depth) return;
  if (entry.isFile) {
    into.push(await filesOf(entry as FileSystemFileEntry));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (let batch = await batchOf(reader); batch.length > 0; batch = await batchOf(reader)) {
    for (const child of batch) await collect(child, depth + 1, into);
    if (into.length >= limits.files) return;
  }
}

/** Must be called in the event itself: the browser forgets the items afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries: FileSystemEntry[] = [];
  const direct: File[] = [];
  for (const item of Array.from(transfer.items)) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry !== null && entry.isDirectory) entries.push(entry);
    else if (file !== null) direct.push(file);
  }
  const nested: File[] = [];
  for (const entry of entries) await collect(entry, 0, nested);
  return [...direct, ...fromFolder(nested)];
}

/** Of a folder only what may be evidence: systems put other files there too. */
export function fromFolder<T extends { name: string }>(files: readonly T[]): T[] {
  const evidence = files.filter((file) => /\.(svms|svmx)$/i.test(file.name));
  return evidence.length > 0 ? evidence : files.filter((file) => !file.name.startsWith('.'));
}

export function pickedFiles(input: HTMLInputElement): File[] {
  const files = Array.from(input.files ?? []);
  input.value = '';
  return files;
}

/** A name that a file of a stranger may have on this disk. */
export function diskName(name: string): string {
  const cleaned = name
    .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>:"/\\|?*]+/g, '_')
    .replace(/^\.+/, '')
    .slice(0, 200);
  return cleaned === '' ? 'file' : cleaned;
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = el('a', { attrs: { href: url, download: diskName(name) } });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
