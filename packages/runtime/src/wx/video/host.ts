import { h, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { CallParams } from '../contracts.ts';
import type { videoContract } from './contract.ts';

/** A film whose head does not come in this time is given up. Milliseconds. */
const HEAD_MS = 20_000;
/** Frames a second, since a browser does not tell. */
const FPS = 30;

interface Facts {
  duration: number;
  width: number;
  height: number;
}

/** @throws NativeFailure when it is no film that this browser knows */
async function factsOf(file: Blob): Promise<Facts> {
  const element = h('video', { preload: 'metadata', muted: true });
  const address = URL.createObjectURL(file);
  const event = (name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const failed = (): void => reject(new NativeFailure('the file is not a video'));
      const late = setTimeout(failed, HEAD_MS);
      element.addEventListener('error', failed, { once: true });
      element.addEventListener(name, () => resolve(clearTimeout(late)), { once: true });
    });
  try {
    const head = event('loadedmetadata');
    element.src = address;
    await head;
    if (element.duration === Number.POSITIVE_INFINITY) {
      // One that was just recorded does not say how long it is until somebody has been at its end.
      const known = event('durationchange');
      element.currentTime = 1e7;
      await known;
    }
    return { duration: element.duration, width: element.videoWidth, height: element.videoHeight };
  } finally {
    element.removeAttribute('src');
    URL.revokeObjectURL(address);
  }
}

export function createVideoHost(phone: Phone): HostHalf<typeof videoContract> {
  const { files, relay, screen, permissions, language } = phone;
  return {
    async chooseVideo() {
      const [file] = await screen.pickFiles({ accept: 'video/*', multiple: false });
      if (!file) throw new NativeFailure('cancel');
      const facts = await factsOf(file);
      return { tempFilePath: await relay.keepFile(file, file.name), size: file.size, ...facts };
    },
    async getVideoInfo({ src }) {
      const file = await files.open(src);
      const facts = await factsOf(file);
      return {
        ...{ ...facts, orientation: 'up', type: file.type.replace(/^video\//, '') || 'unknown' },
        ...{ size: file.size / 1024, fps: FPS },
        bitrate: facts.duration > 0 ? Math.round((file.size * 8) / facts.duration / 1000) : 0,
      };
    },
    async saveVideoToPhotosAlbum({ filePath }) {
      // A path that leads nowhere is the program's fault: the user is not bothered with it.
      await factsOf(await files.open(filePath));
      await permissions.ask('scope.writePhotosAlbum');
      screen.notice(words(language, { zh: '已保存到系统相册', en: 'Saved to the album' }));
    },
    previewMedia: (params) => preview(phone, params),
  };
}

/** Pictures and films over the screen, one at a time; a tap at a side shows its neighbour, one in the middle closes. */
function preview({ screen, files }: Phone, { sources, current }: CallParams<'previewMedia'>): void {
  let index = current;
  let address = '';
  const counter = h('div.preview-counter');
  const stage = h('div.preview-stage');
  const tapped = (event: MouseEvent): void => {
    // The controls of a film are its own.
    if (event.target instanceof HTMLVideoElement) return;
    const side = event.clientX - layer.getBoundingClientRect().left;
    if (sources.length > 1 && side > layer.clientWidth * 0.7) step(1);
    else if (sources.length > 1 && side < layer.clientWidth * 0.3) step(-1);
    else close();
  };
  const layer = h('div.preview-layer', { onclick: tapped }, stage, counter);
  const forget = (): void => {
    if (address) URL.revokeObjectURL(address);
    address = '';
  };
  function step(by: number): void {
    index = (index + by + sources.length) % sources.length;
    const source = sources[index];
    if (!source) return;
    forget();
    counter.textContent = sources.length > 1 ? `${index + 1} / ${sources.length}` : '';
    if (source.type === 'image') {
      const image = h('img');
      stage.replaceChildren(image);
      files.show(image, source.url);
      return;
    }
    const film = h('video', { controls: true, autoplay: true, playsInline: true });
    stage.replaceChildren(film);
    const shown = index;
    files.openMedia(source.url, 'video/*').then(
      (blob) => {
        if (shown !== index || !layer.isConnected) return;
        address = URL.createObjectURL(blob);
        film.src = address;
      },
      (error: Error) => stage.replaceChildren(h('div.preview-fault', {}, error.message)),
    );
  }
  const close = (): void => {
    uncover();
    forget();
  };
  const uncover = screen.cover(layer, () => close());
  step(0);
}
