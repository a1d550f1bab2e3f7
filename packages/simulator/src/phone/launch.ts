import type { AppShowOptions, PackageManifest } from '@sparrow/protocol';
import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import { h } from '@sparrow/runtime/native';
import { packageOf } from './package-files.ts';
import { parseUrl } from './page-stack.ts';

/** How a program is opened: the page, and the package that is loaded first. */
export interface Opening {
  /** With query. */
  readonly url: string;
  readonly options: AppShowOptions;
  /** Root of the package whose scripts run first. */
  readonly root: string;
}

/** @param startPath page to open, with query; the entry page when absent */
export function openingOf(manifest: PackageManifest, startPath: string | undefined, scene: number): Opening {
  const url = startPath ?? manifest.app.entryPagePath;
  const { path, query } = parseUrl(url);
  const start = packageOf(manifest, path);
  return {
    url,
    options: { path, query, scene, referrerInfo: {} },
    // An independent subpackage starts without the main package.
    root: start?.independent ? start.root : '',
  };
}

/** Coming to the front and going to the back; the end that a program gives itself. */
export interface Presence {
  show(): void;
  hide(): void;
  exit(): void;
}

export function createPresence(
  service: Channel,
  screen: HTMLElement,
  launch: AppShowOptions,
  texts: { exited: string; openAgain: string },
): Presence {
  const show = (): void => emitOn(service, 'appShow', launch);
  const hide = (): void => emitOn(service, 'appHide');
  return {
    show,
    hide,
    // The phone has nothing else to show: a curtain says so, and the way back in is the one from the recent apps.
    exit() {
      if (screen.querySelector('.exited')) return;
      hide();
      const back = h('button', { onclick: () => (curtain.remove(), show()) }, texts.openAgain);
      const curtain = h('div.exited', {}, h('p', {}, texts.exited), back);
      screen.append(curtain);
    },
  };
}
