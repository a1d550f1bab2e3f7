import { attachParts, componentHost, part, WxElement } from './wx-element.ts';

/** `page-meta`: settings of the page, from its WXML. */
export class WxPageMeta extends WxElement {
  #scroller: HTMLElement | null = null;
  readonly #scrolled = (): void => this.emit('scroll', { scrollTop: this.#scroller?.scrollTop ?? 0 });
  readonly #resized = (): void =>
    this.emit('resize', { size: { windowWidth: window.innerWidth, windowHeight: window.innerHeight } });

  connectedCallback(): void {
    this.#apply();
    this.#scroller = this.closest<HTMLElement>('wx-root');
    this.#scroller?.addEventListener('scroll', this.#scrolled, { passive: true });
    window.addEventListener('resize', this.#resized);
  }
  disconnectedCallback(): void {
    this.#scroller?.removeEventListener('scroll', this.#scrolled);
    window.removeEventListener('resize', this.#resized);
  }
  protected override attributeGiven(name: string): void {
    if (!this.isConnected) return;
    this.#apply();
    if (name === 'scroll-top')
      this.#native('pageScrollTo', {
        scrollTop: this.number('scroll-top', 0),
        duration: this.number('scroll-duration', 300),
      });
  }
  #native(name: string, params: object): void {
    componentHost(this)?.tell(this, '@native', { name, params });
  }
  #apply(): void {
    const page = this.closest<HTMLElement>('wx-page');
    const root = this.closest<HTMLElement>('wx-root');
    if (!page || !root) return;
    page.style.cssText = this.text('page-style');
    page.style.fontSize = this.text('page-font-size', page.style.fontSize);
    root.style.fontSize = this.text('root-font-size');
    if (this.text('root-background-color')) root.style.backgroundColor = this.text('root-background-color');
    if (this.text('background-color'))
      this.#native('setBackgroundColor', { backgroundColor: this.text('background-color') });
    if (this.text('background-text-style'))
      this.#native('setBackgroundTextStyle', { textStyle: this.text('background-text-style') });
  }
}

/** `navigation-bar`: title, colours and loading sign of the bar, from WXML. */
export class WxNavigationBar extends WxElement {
  protected override attributeGiven(name: string): void {
    // The attributes of an element that is not in the page yet are all there when it is.
    if (this.isConnected) this.#apply(name);
  }
  connectedCallback(): void {
    for (const name of ['title', 'loading', 'front-color']) if (this.attributesGiven.has(name)) this.#apply(name);
  }
  #apply(name: string): void {
    const native = (ability: string, params: object): void =>
      componentHost(this)?.tell(this, '@native', { name: ability, params });
    if (name === 'title') native('setNavigationBarTitle', { title: this.text('title') });
    else if (name === 'loading')
      native(this.flag('loading') ? 'showNavigationBarLoading' : 'hideNavigationBarLoading', {});
    else if (name === 'front-color' || name === 'background-color')
      native('setNavigationBarColor', {
        frontColor: this.text('front-color', '#000000'),
        backgroundColor: this.text('background-color', '#ffffff'),
      });
  }
}

/** `match-media`: its content shows while the size of the page fits. Lengths in CSS pixels. */
export class WxMatchMedia extends WxElement {
  readonly #style: HTMLStyleElement;
  constructor() {
    super();
    const shadow = attachParts(this, ':host { display: none }', '<style class="rule"></style><slot></slot>');
    this.#style = part<HTMLStyleElement>(shadow, '.rule');
  }
  protected override attributeGiven(): void {
    const conditions = ['min-width', 'max-width', 'width', 'min-height', 'max-height', 'height']
      .filter((name) => this.attributesGiven.has(name))
      .map((name) => `(${name}: ${this.number(name, 0)}px)`);
    const orientation = this.text('orientation');
    if (orientation === 'portrait' || orientation === 'landscape') conditions.push(`(orientation: ${orientation})`);
    this.#style.textContent = `@media ${conditions.join(' and ') || 'all'} { :host { display: block } }`;
  }
}

/** Which field of the user a type of open-data shows. Source: the open-data page of the component reference. */
const OPEN_DATA: Record<string, string> = {
  userNickName: 'nickName',
  userAvatarUrl: 'avatarUrl',
  userGender: 'gender',
  userCity: 'city',
  userProvince: 'province',
  userCountry: 'country',
  userLanguage: 'language',
};

/** `open-data`: shows something of the user without telling the program. */
export class WxOpenData extends WxElement {
  readonly #shadow: ShadowRoot;
  constructor() {
    super();
    this.#shadow = attachParts(
      this,
      ':host { display: block } img { display: block; width: 100%; height: 100%; min-height: 40px; object-fit: cover }',
      '<span></span>',
    );
  }
  connectedCallback(): void {
    void this.#show();
  }
  protected override attributeGiven(name: string): void {
    if (this.isConnected && (name === 'type' || name === 'lang')) void this.#show();
  }
  async #show(): Promise<void> {
    const field = OPEN_DATA[this.text('type')];
    const host = componentHost(this);
    const body = part(this.#shadow, 'span');
    if (!field || !host) return;
    try {
      const { userInfo } = (await host.invoke('getUserInfo', {
        withCredentials: false,
        lang: this.text('lang', 'en'),
        profile: true,
      })) as { userInfo: Record<string, unknown> };
      const value = String(userInfo[field] ?? '');
      if (field === 'avatarUrl') {
        const image = new Image();
        image.src = host.resolveUrl(value || this.text('default-avatar'));
        body.replaceChildren(image);
      } else body.textContent = field === 'gender' ? (['', '男', '女'][Number(value)] ?? '') : value;
    } catch {
      body.textContent = this.text('default-text');
      this.emit('error', { errMsg: 'open-data:fail no user' });
    }
  }
}

/** `web-view`: other pages do not run inside; a card shows the address. */
export class WxWebView extends WxElement {
  readonly #shadow: ShadowRoot;
  constructor() {
    super();
    this.#shadow = attachParts(
      this,
      `:host { position: absolute; inset: 0; display: grid; place-items: center; background: #f5f6f8; z-index: 10 }
      div { max-width: 80%; padding: 24px; border-radius: 12px; background: #fff; text-align: center; box-shadow: 0 2px 12px rgba(0, 0, 0, .08) }
      b { display: block; margin-bottom: 8px } p { margin: 0; color: #576b95; word-break: break-all; user-select: text }`,
      '<div><b>web-view</b><p></p></div>',
    );
  }
  connectedCallback(): void {
    this.attributeGiven();
    if (this.text('src')) this.emit('load', { src: this.text('src') });
  }
  protected override attributeGiven(): void {
    part(this.#shadow, 'p').textContent = this.text('src');
  }
}
