import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import type { Phone as HostPhone } from '@sparrow/runtime/native';
import type { Form } from './form.ts';
import type { PhonePages } from './pages.ts';

interface Parts {
  phone: HostPhone;
  /** To the logic layer. */
  service: Channel;
  form: Form;
  pages: PhonePages;
}

/** The theme, and the size of the screen, change while the program runs; logic layer and views are told. */
export function createScreenChanges({ phone, service, form, pages }: Parts): {
  setTheme(theme: 'light' | 'dark'): void;
  resize(width: number, height: number): void;
} {
  return {
    setTheme(theme) {
      if (!form.setTheme(theme)) return;
      pages.dressAll();
      emitOn(service, 'native', 'systemChange', pages.system());
      pages.configureAll();
      phone.emit('ThemeChange', { theme });
    },
    resize(width, height) {
      form.resize(width, height);
      phone.screen.element.style.width = `${width}px`;
      phone.screen.element.style.height = `${height}px`;
      pages.place();
      const info = pages.system();
      const { windowWidth, windowHeight, screenWidth, screenHeight, deviceOrientation } = info;
      const size = { windowWidth, windowHeight, screenWidth, screenHeight };
      emitOn(service, 'native', 'systemChange', info);
      phone.emit('WindowResize', { size });
      if (pages.top) emitOn(service, 'page', pages.top.id, 'resize', { size, deviceOrientation });
    },
  };
}
