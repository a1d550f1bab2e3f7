import { type FileBases, fileAddress, programFile } from '../bridge/index.ts';
import { NativeFailure } from './failure.ts';
import { headerValue, type RelayClient } from './relay-client.ts';

/** The one place where files that a mini program names are opened. Nothing else hands such a name to `fetch` or to an image. */
export interface ProgramFiles {
  /**
   * A file of the package, a temporary one or one of the user folder.
   *
   * @throws NativeFailure
   */
  open(path: string): Promise<Blob>;
  /** The same, and pictures of the network by the relay. @throws NativeFailure */
  openPicture(path: string): Promise<Blob>;
  /** The same for other kinds. @param accept what the server is asked for, as `audio/*` */
  openMedia(path: string, accept: string): Promise<Blob>;
  /** Shows a picture; one that cannot be had stays empty. */
  show(image: HTMLImageElement, path: string): void;
  close(): void;
}

export interface ProgramFilesOptions {
  relay: RelayClient;
  bases(): FileBases;
  /** Resolves when what the program wrote so far is kept. */
  settled(): Promise<void>;
}

/** Pictures of the network that are kept to be shown again, by their address. */
const KEPT_PICTURES = 16;
const PICTURE_MS = 60_000;

export function createProgramFiles({ relay, bases, settled }: ProgramFilesOptions): ProgramFiles {
  const pictures = new Map<string, Promise<string>>();
  const missing = (path: string): NativeFailure => new NativeFailure(`no such file "${path.slice(0, 200)}"`);

  async function load(address: string, path: string): Promise<Blob> {
    await settled();
    const response = await fetch(address).catch(() => undefined);
    if (!response?.ok) throw missing(path);
    return response.blob();
  }

  async function open(path: string): Promise<Blob> {
    const file = programFile(path);
    const address = file && fileAddress(file, bases());
    if (address === undefined) throw missing(path);
    return load(address, path);
  }

  const openPicture = (path: string): Promise<Blob> => openMedia(path, 'image/*');

  async function openMedia(path: string, accept: string): Promise<Blob> {
    const file = programFile(path);
    if (file?.kind === 'inline') return load(file.url, path);
    if (file?.kind !== 'network') return open(path);
    const wanted = { url: file.url, method: 'GET', header: { accept }, timeout: PICTURE_MS };
    const { meta, body } = await relay.request(wanted, undefined, AbortSignal.timeout(PICTURE_MS));
    if (meta.statusCode !== 200) throw new NativeFailure(`the server answered ${meta.statusCode}`);
    return new Blob([body], { type: headerValue(meta.header, 'content-type') ?? '' });
  }

  /** Revokes what is too much, or all. */
  function forget(keep: number): void {
    for (const [url, made] of pictures) {
      if (pictures.size <= keep) return;
      pictures.delete(url);
      void made.then(URL.revokeObjectURL, () => {});
    }
  }

  return {
    open,
    openPicture,
    openMedia,
    show(image, path) {
      const file = programFile(path);
      if (!file) return;
      const address = fileAddress(file, bases()) ?? (file.kind === 'inline' ? file.url : undefined);
      if (address !== undefined) {
        image.src = address;
        return;
      }
      const made = pictures.get(path) ?? openPicture(path).then((blob) => URL.createObjectURL(blob));
      pictures.delete(path);
      pictures.set(path, made);
      forget(KEPT_PICTURES);
      made.then(
        (url) => {
          image.src = url;
        },
        () => pictures.delete(path),
      );
    },
    close: () => forget(0),
  };
}
