import { pageAddress } from '../bridge/page-address.ts';
import { componentHost, WxElement } from './wx-element.ts';

/** open-type → native ability. */
const ROUTES: Record<string, string> = {
  navigate: 'navigateTo',
  redirect: 'redirectTo',
  switchTab: 'switchTab',
  reLaunch: 'reLaunch',
  navigateBack: 'navigateBack',
  exit: 'exitMiniProgram',
};

/** `navigator`: a link to another page. */
export class WxNavigator extends WxElement {
  connectedCallback(): void {
    this.addEventListener('wxtap', this.#tapped);
  }
  disconnectedCallback(): void {
    this.removeEventListener('wxtap', this.#tapped);
  }

  readonly #tapped = (): void => void this.#go();

  async #go(): Promise<void> {
    const host = componentHost(this);
    const type = this.text('open-type', 'navigate');
    const name = ROUTES[type];
    if (!host || !name) return;
    // The way to another mini program is not there to be gone.
    if (this.text('target') === 'miniProgram' && type !== 'exit') {
      this.emit('fail', { errMsg: 'navigateToMiniProgram:fail not supported' });
      return this.emit('complete', {});
    }
    const url = pageAddress(this.text('url'), host.path);
    const params =
      name === 'navigateBack'
        ? { delta: Math.max(1, Math.trunc(this.number('delta', 1))) }
        : name === 'navigateTo'
          ? { url, cause: 0 }
          : name === 'switchTab'
            ? { url: url.split('?')[0] ?? '' }
            : name === 'exitMiniProgram'
              ? {}
              : { url };
    try {
      await host.invoke(name, params);
      this.emit('success', { errMsg: `${name}:ok` });
    } catch (error) {
      const errMsg = `${name}:fail ${(error as Error).message}`;
      host.tell(this, '@warn', errMsg);
      this.emit('fail', { errMsg });
    }
    this.emit('complete', {});
  }
}
