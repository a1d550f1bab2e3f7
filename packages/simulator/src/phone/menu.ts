import { h } from '@sparrow/runtime/native';
import type { PhoneTexts } from './texts.ts';

/** The sheet behind the capsule's three dots. A second call while it is open does nothing. */
export function openMenu(
  device: HTMLElement,
  texts: PhoneTexts,
  actions: { share?: (() => void) | undefined; restart(): void; about(): string[] },
): void {
  if (device.querySelector('.menu-layer')) return;
  const sheet = h('div.sheet', { role: 'dialog' });
  const layer = h(
    'div.sheet-layer.menu-layer',
    { onclick: (event: Event) => event.target === layer && layer.remove() },
    sheet,
  );
  const button = (text: string, act?: () => void): HTMLElement =>
    h('button', { onclick: () => (layer.remove(), act?.()) }, text);
  const about = (): void => {
    sheet.replaceChildren(...actions.about().map((line) => h('div.menu-about', {}, line)), button(texts.close));
  };
  sheet.append(
    ...(actions.share ? [button(texts.share, actions.share)] : []),
    button(texts.restart, actions.restart),
    h('button', { onclick: about }, texts.about),
    h('div.sheet-gap'),
    button(texts.cancel),
  );
  device.append(layer);
}

/** What lies over the screen until the first page is there: the name of the mini program and a sign that it comes. */
export function openLaunchScreen(device: HTMLElement): { name(text: string): void; close(): void } {
  const title = h('div.launch-title');
  const layer = h('div.launch', { ariaBusy: 'true' }, h('div.launch-ring'), title);
  device.append(layer);
  return {
    name: (text) => (title.textContent = text.slice(0, 40)),
    close: () => layer.remove(),
  };
}
