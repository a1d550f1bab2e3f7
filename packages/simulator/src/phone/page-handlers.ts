import type { ViewConfig } from '@sparrow/protocol';
import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import type { NativeHandlers } from '@sparrow/runtime/native';
import type { NavigationBar } from './bars.ts';

/** What of a page a program may dress. */
export interface DressedPage {
  readonly bar: NavigationBar;
  readonly view: { readonly channel: Channel };
  background?: string;
  textStyle?: 'dark' | 'light';
}

/** The phone around the pages. */
export interface PageShell<Page extends DressedPage> {
  /** @throws NativeFailure when the page is closed */
  onPage(id: number): Page;
  viewConfig(page: Page): ViewConfig;
  /** Status bar and capsule get the colour of the title. */
  showFront(color: string): void;
}

/** The abilities that change one page: its navigation bar, its background, its place and its refresh. */
export function createPageHandlers<Page extends DressedPage>(
  shell: PageShell<Page>,
): Pick<
  NativeHandlers,
  | 'setNavigationBarTitle'
  | 'setNavigationBarColor'
  | 'showNavigationBarLoading'
  | 'hideNavigationBarLoading'
  | 'hideHomeButton'
  | 'setBackgroundColor'
  | 'setBackgroundTextStyle'
  | 'startPullDownRefresh'
  | 'stopPullDownRefresh'
  | 'pageScrollTo'
> {
  const done = {} as Record<string, never>;
  return {
    setNavigationBarTitle: ({ pageId, title }) => {
      shell.onPage(pageId).bar.setTitle(title);
      return done;
    },
    setNavigationBarColor: ({ pageId, frontColor, backgroundColor, animation }) => {
      const page = shell.onPage(pageId);
      page.bar.setColor(frontColor, backgroundColor, animation);
      shell.showFront(frontColor);
      return done;
    },
    showNavigationBarLoading: ({ pageId }) => {
      shell.onPage(pageId).bar.setLoading(true);
      return done;
    },
    hideNavigationBarLoading: ({ pageId }) => {
      shell.onPage(pageId).bar.setLoading(false);
      return done;
    },
    hideHomeButton: ({ pageId }) => {
      shell.onPage(pageId).bar.hideHome();
      return done;
    },
    setBackgroundColor: ({ pageId, backgroundColor }) => {
      const page = shell.onPage(pageId);
      if (backgroundColor) page.background = backgroundColor;
      emitOn(page.view.channel, 'viewConfig', shell.viewConfig(page));
      return done;
    },
    setBackgroundTextStyle: ({ pageId, textStyle }) => {
      const page = shell.onPage(pageId);
      page.textStyle = textStyle;
      emitOn(page.view.channel, 'viewConfig', shell.viewConfig(page));
      return done;
    },
    startPullDownRefresh: ({ pageId }) => {
      emitOn(shell.onPage(pageId).view.channel, 'viewCommand', { type: 'startPullDownRefresh' });
      return done;
    },
    stopPullDownRefresh: ({ pageId }) => {
      emitOn(shell.onPage(pageId).view.channel, 'viewCommand', { type: 'stopPullDownRefresh' });
      return done;
    },
    pageScrollTo: ({ pageId, ...rest }) => {
      emitOn(shell.onPage(pageId).view.channel, 'viewCommand', { type: 'pageScrollTo', ...rest });
      return done;
    },
  };
}
