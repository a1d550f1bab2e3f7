import { componentHost, WxElement } from './wx-element.ts';

/** open-type → the event it raises. Source: the button page of the component reference. */
const OPEN_EVENTS: Record<string, string> = {
  getUserInfo: 'getuserinfo',
  getPhoneNumber: 'getphonenumber',
  getRealtimePhoneNumber: 'getrealtimephonenumber',
  chooseAvatar: 'chooseavatar',
  openSetting: 'opensetting',
  launchApp: 'error',
  contact: 'contact',
  agreePrivacyAuthorization: 'agreeprivacyauthorization',
};

/** `button`: a tap, the form it belongs to, and the open abilities. */
export class WxButton extends WxElement {
  connectedCallback(): void {
    this.addEventListener('wxtap', this.#tapped);
  }
  disconnectedCallback(): void {
    this.removeEventListener('wxtap', this.#tapped);
  }

  protected override attributeGiven(name: string): void {
    if (name === 'disabled') this.toggleAttribute('disabled', this.flag('disabled'));
    if (name === 'loading') this.toggleAttribute('loading', this.flag('loading'));
    if (name === 'plain') this.toggleAttribute('plain', this.flag('plain'));
  }

  readonly #tapped = (event: Event): void => {
    if (this.flag('disabled')) event.preventDefault();
    else this.#act();
  };

  override activate(): void {
    if (this.flag('disabled')) return;
    this.#act();
    this.emit('tap', {}, { bubbles: true, composed: true });
  }

  #act(): void {
    const formType = this.text('form-type');
    if (formType === 'submit' || formType === 'reset')
      this.dispatchEvent(new CustomEvent('wxform', { bubbles: true, composed: true, detail: formType }));
    const openType = this.text('open-type');
    if (openType) void this.#open(openType);
  }

  async #open(openType: string): Promise<void> {
    const host = componentHost(this);
    const event = OPEN_EVENTS[openType];
    if (openType === 'share') return host?.tell(this, '@share', {});
    if (!host || !event) return;
    try {
      if (openType === 'getUserInfo') {
        const lang = this.text('lang', 'en');
        const result = await host.invoke('getUserInfo', { withCredentials: true, lang, profile: false });
        this.emit(event, { errMsg: 'getUserInfo:ok', ...(result as object) });
      } else if (openType === 'chooseAvatar') {
        const { userInfo } = (await host.invoke('getUserInfo', {
          withCredentials: false,
          lang: 'en',
          profile: false,
        })) as { userInfo: { avatarUrl: string } };
        this.emit(event, { avatarUrl: userInfo.avatarUrl });
      } else if (openType === 'openSetting') {
        this.emit(event, { errMsg: 'openSetting:ok', authSetting: { 'scope.userInfo': true } });
      } else if (openType === 'agreePrivacyAuthorization') {
        this.emit(event, {});
      } else {
        this.emit(event, { errMsg: `${openType}:fail not supported` });
      }
    } catch (error) {
      this.emit(event, { errMsg: `${openType}:fail ${(error as Error).message}` });
    }
  }
}
