import type { RuntimeMode } from '@sparrow/protocol';
import { h } from '@sparrow/runtime/native';
import { type FrameWatch, prepareView, type ViewSlot } from './frames.ts';

/** The place of a page on the screen, with its frame. */
export interface PageSlot {
  readonly section: HTMLElement;
  readonly slot: ViewSlot;
}

/** Places for pages: loading the frame is most of what opening a page costs, so one may be made ahead. */
export interface Slots {
  take(): PageSlot;
  /** Makes the place of the next page, unless there is one. */
  makeReady(): void;
  /** Takes away what was made ahead. */
  close(): void;
}

export function createSlots(mode: RuntimeMode, base: string, screen: HTMLElement, watch: FrameWatch): Slots {
  const make = (): PageSlot => {
    const frame = h('div.page-frame');
    const section = h('section.page.page-spare', {}, frame);
    screen.append(section);
    return { section, slot: prepareView(mode, base, frame, watch) };
  };
  let spare: PageSlot | undefined;
  return {
    take() {
      const slot = spare ?? make();
      spare = undefined;
      return slot;
    },
    makeReady() {
      spare ??= make();
    },
    close() {
      spare?.slot.close();
      spare = undefined;
    },
  };
}
