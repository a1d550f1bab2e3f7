import type { NativeHandlers } from './dispatch.ts';

/** The user folder (`http://usr/…`) of one running phone. It lives as long as the phone. */
export interface UserFiles {
  get(path: string): Blob | undefined;
  readonly handlers: Pick<NativeHandlers, 'writeUserFile' | 'removeUserFile'>;
}

export function createUserFiles(): UserFiles {
  const files = new Map<string, Blob>();
  return {
    get: (path) => files.get(path),
    handlers: {
      writeUserFile({ path, data }) {
        files.set(path, new Blob([data]));
        return {};
      },
      removeUserFile({ path }) {
        files.delete(path);
        return {};
      },
    },
  };
}
