import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { message, onePage } from '../wx/support.ts';

useBrowser();

inBothModes('a part of the phone', (mode) => {
  it('is loaded when it is first needed, and once', async () => {
    const test = await startApp({ mode, files: onePage() });
    const loaded: string[] = [];
    test.page.on('request', (request) => {
      const part = /phone-\w+\.js$/.exec(request.url())?.[0];
      if (part) loaded.push(part);
    });
    expect(await message(test, 'vibrateLong')).toBe('vibrateLong:ok');
    expect(await message(test, 'vibrateShort')).toBe('vibrateShort:ok');
    expect(await message(test, 'getSetting')).toBe('getSetting:ok');
    expect(loaded).toEqual(['phone-device.js', 'phone-settings.js']);
    await test.close();
  });

  it('that cannot be had fails the call that needs it, and no other', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.page.route(/phone-device\.js/, (route) => route.abort());
    const [vibrated, asked] = await Promise.all([message(test, 'vibrateLong'), message(test, 'getSetting')]);
    expect([vibrated, asked]).toEqual(['vibrateLong:fail this part of the phone could not be loaded', 'getSetting:ok']);
    await test.close();
  });
});
