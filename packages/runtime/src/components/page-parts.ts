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

/** `page-container`: a layer that comes in from a side and is closed by a tap beside it. */
export class WxPageContainer extends WxElement {
  #shown = false;
  constructor() {
    super();
    const css = `:host { display: none; position: fixed; inset: 0; z-index: var(--wx-layer, 100) }
      :host([data-shown]) { display: block }
      .overlay { position: absolute; inset: 0; background: rgba(0, 0, 0, .5) }
      .panel { position: absolute; left: 0; right: 0; bottom: 0; max-height: 100%; overflow: auto; background: #fff }
      :host([position="top"]) .panel { top: 0; bottom: auto } :host([position="center"]) .panel { top: 50%; bottom: auto; transform: translateY(-50%) }
      :host([position="right"]) .panel { left: auto; top: 0 } :host([round]) .panel { border-radius: 16px 16px 0 0 }`;
    const shadow = attachParts(this, css, '<div class="overlay"></div><div class="panel"><slot></slot></div>');
    part(shadow, '.overlay').addEventListener('wxtap', (event) => {
      event.stopPropagation();
      this.emit('clickoverlay', {});
      this.changed('show', false);
      this.#apply();
    });
  }
  protected override attributeGiven(): void {
    this.#apply();
  }
  #apply(): void {
    const shadow = this.shadowRoot as ShadowRoot;
    part(shadow, '.overlay').hidden = !this.flag('overlay', true);
    part(shadow, '.panel').style.cssText += this.text('custom-style').replace(
      /(-?[\d.]+)rpx/g,
      'calc(var(--rpx) * $1)',
    );
    this.style.setProperty('--wx-layer', String(this.number('z-index', 100)));
    const show = this.flag('show');
    if (show === this.#shown) return;
    this.#shown = show;
    this.toggleAttribute('data-shown', show);
    for (const event of show ? ['beforeenter', 'enter', 'afterenter'] : ['beforeleave', 'leave', 'afterleave'])
      this.emit(event, {});
  }
}

/** `root-portal`: its content lies over the whole page. */
export class WxRootPortal extends WxElement {
  constructor() {
    super();
    attachParts(this, ':host { display: contents }', '<slot></slot>');
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
