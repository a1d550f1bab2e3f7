import type { NativeHandlers } from './dispatch.ts';

/** The user folder (`http://usr/…`) of one running phone. It lives as long as the phone. */
export interface UserFiles {
  get(path: string): Blob | undefined;
  set(path: string, data: Blob): void;
  readonly handlers: Pick<NativeHandlers, 'writeUserFile' | 'removeUserFile'>;
}

export function createUserFiles(): UserFiles {
  const files = new Map<string, Blob>();
  const set = (path: string, data: Blob): void => {
    files.set(path, data);
  };
  return {
    get: (path) => files.get(path),
    set,
    handlers: {
      writeUserFile({ path, data }) {
        set(path, new Blob([data]));
        return {};
      },
      removeUserFile({ path }) {
        files.delete(path);
        return {};
      },
    },
  };
}
