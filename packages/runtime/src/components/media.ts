import { componentHost, WxElement } from './wx-element.ts';

/** What `video` and `audio` share: a media element of the browser in the shadow root. */
abstract class Media<T extends HTMLMediaElement> extends WxElement {
  protected readonly media: T;
  constructor(media: T, css: string) {
    super();
    this.media = media;
    const style = document.createElement('style');
    style.textContent = css;
    this.attachShadow({ mode: 'open' }).append(style, media, document.createElement('slot'));
    media.preload = 'metadata';
    for (const type of ['play', 'pause', 'ended', 'waiting']) media.addEventListener(type, () => this.emit(type, {}));
    media.addEventListener('timeupdate', () =>
      this.emit('timeupdate', { currentTime: media.currentTime, duration: media.duration || 0 }),
    );
    media.addEventListener('loadedmetadata', () => this.loaded());
    media.addEventListener(
      'error',
      () => this.text('src') && this.emit('error', { errMsg: `MEDIA_ERR ${media.error?.code ?? ''}` }),
    );
  }
  protected loaded(): void {}
  connectedCallback(): void {
    this.#source();
  }
  protected override attributeGiven(name: string): void {
    const { media } = this;
    media.loop = this.flag('loop');
    media.muted = this.flag('muted');
    if (name === 'src' && this.isConnected) this.#source();
  }
  #source(): void {
    const src = this.text('src');
    const url = src && (componentHost(this)?.resolveUrl(src) ?? src);
    if (url && this.media.getAttribute('src') !== url) this.media.src = url;
  }
  override callMethod(method: string, args: unknown[]): unknown {
    // Refused without a gesture of the user: the event `play` says whether it runs.
    if (method === 'play') return this.media.play().catch(() => {});
    if (method === 'pause') return this.media.pause();
    if (method === 'seek') this.media.currentTime = Number(args[0]) || 0;
    if (method === 'playbackRate') this.media.playbackRate = Number(args[0]) || 1;
    if (method === 'stop') {
      this.media.pause();
      this.media.currentTime = 0;
    }
    // Browsers refuse without a gesture of the user, as the original does in the background.
    if (method === 'requestFullScreen') return this.requestFullscreen().catch(() => {});
    if (method === 'exitFullScreen') return this.ownerDocument.exitFullscreen().catch(() => {});
    return super.callMethod(method, args);
  }
}

/** `video`, with the browser's own controls. */
export class WxVideo extends Media<HTMLVideoElement> {
  constructor() {
    super(
      document.createElement('video'),
      ':host { display: inline-block; position: relative; width: 300px; height: 225px; overflow: hidden; background: #000 } video { display: block; width: 100%; height: 100% }',
    );
    this.media.controls = true;
    this.media.playsInline = true;
  }
  protected override loaded(): void {
    const { videoWidth: width, videoHeight: height, duration } = this.media;
    this.emit('loadedmetadata', { width, height, duration });
  }
  protected override attributeGiven(name: string): void {
    super.attributeGiven(name);
    const { media } = this;
    media.controls = this.flag('controls', true);
    media.autoplay = this.flag('autoplay');
    const fit = this.text('object-fit', 'contain');
    media.style.objectFit = ['contain', 'fill', 'cover'].includes(fit) ? fit : 'contain';
    if (name === 'poster') media.poster = componentHost(this)?.resolveUrl(this.text('poster')) ?? '';
  }
}

/** `audio`, with the browser's own controls. */
export class WxAudio extends Media<HTMLAudioElement> {
  constructor() {
    super(document.createElement('audio'), ':host { display: inline-block } audio { width: 300px }');
  }
  protected override attributeGiven(name: string): void {
    super.attributeGiven(name);
    this.media.controls = this.flag('controls');
  }
}
