import type { UserFile, UserFileList } from '@sparrow/protocol';
import { encodePath, programFile } from '../bridge/index.ts';
import { NativeFailure } from './failure.ts';
import type { RelayClient } from './relay-client.ts';

/** Files read at the same time when a phone starts. */
const PARALLEL = 4;
const ROOT = /^http:\/\/usr\/?/;

/** The user folder (`http://usr/…`) of one phone's user: the logic layer has it in memory, the simulator's server keeps it. */
export interface UserFiles {
  /** Address below which views find the files. */
  readonly base: string;
  /** Everything that is there when the phone starts. */
  readonly files: UserFile[];
  /** Resolves when what was written so far is kept. */
  settled(): Promise<void>;
  /** Keeps a file, or without data a folder. @throws NativeFailure */
  write(path: string, data?: ArrayBuffer): Promise<void>;
  /** @throws NativeFailure */
  remove(path: string): Promise<void>;
}

/** @param fileBase address of the files of all phones */
export async function openUserFiles(relay: RelayClient, fileBase: string): Promise<UserFiles> {
  const { scope, entries } = await relay.call<UserFileList>('user-files/list', {});
  const base = `${fileBase}/usr/${scope}`;
  const files: UserFile[] = entries.map(({ path, modified }) => ({ path: `http://usr/${path}`, modified }));
  const waiting = entries.flatMap((entry, index) => (entry.folder ? [] : [index]));
  const readOne = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const file = files[index] as UserFile;
      const response = await fetch(`${base}/${encodePath(file.path.replace(ROOT, ''))}`);
      if (response.ok) file.data = await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, readOne));

  // Changes are kept in the order in which they were made.
  let last: Promise<void> = Promise.resolve();
  function change(method: 'PUT' | 'DELETE', path: string, data?: ArrayBuffer | null): Promise<void> {
    const file = programFile(path);
    if (file?.kind !== 'user') throw new NativeFailure('permission denied');
    const query = new URLSearchParams({ user: relay.options.user, path: file.path });
    if (data === null) query.set('folder', '1');
    const sent = last.then(async () => {
      const response = await fetch(`${relay.options.base}/user-files?${query}`, {
        method,
        headers: {
          authorization: `Bearer ${relay.options.token}`,
          'content-type': 'application/octet-stream',
        },
        ...(data && { body: data }),
      });
      if (!response.ok) throw new NativeFailure(`the file could not be kept: ${await response.text()}`);
    });
    last = sent.catch(() => {});
    return sent;
  }

  return {
    base,
    files,
    settled: () => last,
    write: (path, data) => change('PUT', path, data ?? null),
    remove: (path) => change('DELETE', path),
  };
}
