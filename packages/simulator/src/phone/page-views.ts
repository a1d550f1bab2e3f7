import type { RuntimeMode, ViewConfig } from '@sparrow/protocol';
import { BRIDGE_VERSION } from '@sparrow/protocol';
import { type Channel, emitOn, receive } from '@sparrow/runtime/bridge';
import type { HostPage } from '@sparrow/runtime/native';
import type { PhoneNavigationBar } from './bars.ts';
import type { Form } from './form.ts';
import type { LogicLayer } from './frames.ts';
import type { Packages } from './packages.ts';
import type { StackPage } from './page-stack.ts';
import type { Slots } from './slots.ts';

/** A page that slides out goes after so long, in milliseconds. */
const LEAVE_MS = 200;

export interface PageViewsOptions {
  mode: RuntimeMode;
  form: Form;
  packages: Packages;
  slots: Slots;
  logic: LogicLayer;
  /** Where views find temporary files, and those of the user folder. */
  bases: { fileBase: string; userBase: string };
  tapped(channel: Channel, pageId: number): Channel;
  /** A view has made a call. */
  invoked(channel: Channel, pageId: number, name: string, id: number, params: unknown): void;
}

/** A page with its place on the screen, its bar and the frame of its view. */
export interface PhonePage extends StackPage, HostPage {
  readonly section: HTMLElement;
  readonly frame: HTMLElement;
  readonly bar: PhoneNavigationBar;
  /** Tells the view its settings anew. */
  configure(): void;
  /** @param sliding out of the screen, to the side */
  close(sliding: boolean): void;
}

/** Makes the views of pages. */
export function createPageViews(options: PageViewsOptions): {
  open(info: StackPage, bar: PhoneNavigationBar, sliding: boolean): PhonePage;
} {
  const { form, packages, logic } = options;

  async function boot(page: PhonePage, channel: Channel, config: () => ViewConfig): Promise<void> {
    const { app } = packages.manifest;
    const isOverTabs = page.tab >= 0 && !app.tabBar?.custom;
    const styles = await packages.stylesOf(page.path);
    emitOn(channel, 'viewBoot', {
      version: BRIDGE_VERSION,
      pageId: page.id,
      path: page.path,
      mode: options.mode,
      styles,
      assetBase: packages.assetBase(),
      ...options.bases,
      safeArea: { top: page.bar.custom ? form.statusBar : 0, bottom: isOverTabs ? 0 : form.safeBottom },
      styleVersion: app.raw.style === 'v2' ? 2 : 1,
      config: config(),
    });
  }

  return {
    open(info, bar, sliding) {
      const { section, slot } = options.slots.take();
      if (!bar.custom) section.prepend(bar.element);
      section.classList.remove('page-spare');
      section.dataset.path = info.path;
      section.dataset.page = String(info.id);
      if (sliding) section.classList.add('page-enter');
      const view = logic.openView(info.id, slot);
      const channel = options.tapped(view.channel, info.id);
      const look: Parameters<HostPage['dress']>[0] = {};
      const config = (): ViewConfig => ({
        theme: form.theme,
        backgroundColor: look.backgroundColor ?? page.window.backgroundColor,
        backgroundTextStyle: look.backgroundTextStyle ?? page.window.backgroundTextStyle,
        enablePullDownRefresh: page.window.enablePullDownRefresh,
        disableScroll: page.window.disableScroll,
        onReachBottomDistance: page.window.onReachBottomDistance,
        reportScroll: false,
      });
      const page: PhonePage = {
        ...info,
        section,
        frame: slot.holder,
        bar,
        configure: () => emitOn(channel, 'viewConfig', config()),
        command: (command) => emitOn(channel, 'viewCommand', command),
        dress({ backgroundColor, backgroundTextStyle }) {
          if (backgroundColor) look.backgroundColor = backgroundColor;
          if (backgroundTextStyle) look.backgroundTextStyle = backgroundTextStyle;
          page.configure();
        },
        close(isSliding) {
          view.close();
          if (!isSliding) return section.remove();
          section.classList.add('page-leave');
          setTimeout(() => section.remove(), LEAVE_MS);
        },
      };
      receive(channel, {
        invoke: (name, id, params) => options.invoked(channel, info.id, name, id, params),
      });
      void boot(page, channel, config);
      return page;
    },
  };
}
