import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, message, missing, onePage } from './support.ts';

useBrowser();

const files = {
  ...onePage(),
  'app.json': { pages: ['pages/a/a'], requiredPrivateInfos: ['chooseAddress'] },
};

inBothModes('contacts', (mode) => {
  it('wx.addPhoneContact wx.chooseContact: who is added can be chosen; the user may change and refuse it', async () => {
    const test = await startApp({ mode, files });
    const rows = test.page.locator('.place-row');
    const contact = { firstName: '小明', lastName: '王', mobilePhoneNumber: '13700000000', remark: '同学' };
    const added = message(test, 'addPhoneContact', contact);
    await test.page.locator('.sheet button').filter({ hasText: '允许' }).click();
    expect(await test.page.locator('[name="displayName"]').inputValue()).toBe('王小明');
    await test.page.locator('[name="phoneNumber"]').fill('13711111111');
    await test.page.locator('.tall-confirm').click();
    expect(await added).toBe('addPhoneContact:ok');
    const chosen = call(test, 'chooseContact');
    await rows.filter({ hasText: '王小明' }).click();
    expect(await chosen).toEqual({
      displayName: '王小明',
      phoneNumber: '13711111111',
      phoneNumberList: '13711111111',
      errMsg: 'chooseContact:ok',
    });
    for (const name of ['chooseContact', 'addPhoneContact']) {
      const cancelled = callBack(test, name, { firstName: 'x' });
      await test.page.locator('button.tall-cancel').click();
      expect(await cancelled).toEqual([`fail ${name}:fail cancel`, `complete ${name}:fail cancel`]);
    }
    expect(await message(test, 'addPhoneContact')).toBe(missing('addPhoneContact', 'firstName'));
    await test.close();
  });

  it('wx.addPhoneContact wx.addPhoneCalendar: fail when their user does not allow it', async () => {
    const test = await startApp({ mode, files });
    for (const [name, options] of [
      ['addPhoneContact', { firstName: 'x' }],
      ['addPhoneCalendar', { title: 'x', startTime: 1 }],
    ] as const) {
      const asked = call(test, name, options);
      await test.page.locator('.sheet button').filter({ hasText: '拒绝' }).click();
      expect(await asked).toEqual({ errMsg: `${name}:fail auth deny`, errno: 103 });
    }
    await test.close();
  });

  it('wx.addPhoneCalendar wx.addPhoneRepeatCalendar: show what they would add', async () => {
    const test = await startApp({ mode, files });
    const sheet = test.page.locator('.sheet');
    const button = (text: string) => sheet.locator('button').filter({ hasText: text });
    const day = new Date(2026, 4, 12, 9, 30).getTime() / 1000;
    const added = message(test, 'addPhoneCalendar', {
      title: '会议',
      startTime: day,
      location: '二楼',
      alarmOffset: 600,
    });
    await button('允许').click();
    await button('添加到日历').waitFor();
    const shown = await sheet.innerText();
    for (const text of ['会议', '2026年5月12日', '09:30', '二楼', '提前 10 分钟提醒']) expect(shown).toContain(text);
    await button('添加到日历').click();
    expect(await added).toBe('addPhoneCalendar:ok');

    const repeated = message(test, 'addPhoneRepeatCalendar', { title: '周会', startTime: day, repeatInterval: 'week' });
    expect(await sheet.innerText()).toContain('每周重复');
    await button('取消').click();
    expect(await repeated).toBe('addPhoneRepeatCalendar:fail cancel');
    expect(await message(test, 'addPhoneRepeatCalendar', { title: 't', startTime: day, repeatInterval: 'hour' })).toBe(
      'addPhoneRepeatCalendar:fail parameter error: parameter.repeatInterval should be one of day, week, month, year instead of String;',
    );
    const late = new Date(2026, 4, 30).getTime() / 1000;
    expect(await message(test, 'addPhoneRepeatCalendar', { title: 't', startTime: late })).toMatch(
      /^addPhoneRepeatCalendar:fail .*larger than 28/,
    );
    expect(await message(test, 'addPhoneCalendar', { startTime: day })).toBe(missing('addPhoneCalendar', 'title'));
    await test.close();
  });

  it('wx.chooseAddress: gives the address that is chosen, as its user has changed it; it must be declared', async () => {
    const bare = await startApp({ mode, files: onePage() });
    expect(await message(bare, 'chooseAddress')).toBe(
      'chooseAddress:fail the api need to be declared in the requiredPrivateInfos field in app.json/ext.json',
    );
    await bare.close();
    const test = await startApp({ mode, files });
    const chosen = call(test, 'chooseAddress');
    await test.page.locator('.book-edit').click();
    await test.page.locator('[name="detailInfo"]').fill('示例路 2 号');
    await test.page.locator('.tall-confirm').click();
    await test.page.locator('.place-row').filter({ hasText: '示例路 2 号' }).click();
    expect(await chosen).toEqual({
      userName: '张三',
      telNumber: '010-00000000',
      nationalCode: '440305',
      postalCode: '518000',
      provinceName: '广东省',
      cityName: '深圳市',
      countyName: '南山区',
      streetName: '示例路',
      detailInfo: '示例路 2 号',
      detailInfoNew: '示例路 2 号',
      errMsg: 'chooseAddress:ok',
    });
    const cancelled = message(test, 'chooseAddress');
    await test.page.locator('button.tall-cancel').click();
    expect(await cancelled).toBe('chooseAddress:fail cancel');
    await test.close();
  });

  it('wx.chooseInvoiceTitle wx.chooseInvoice wx.chooseLicensePlate: give the entry that is chosen, or fail with cancel', async () => {
    const test = await startApp({ mode, files });
    const rows = test.page.locator('.place-row');
    const title = call(test, 'chooseInvoiceTitle');
    await rows.filter({ hasText: '示例科技有限公司' }).click();
    expect(await title).toMatchObject({ type: 0, title: '示例科技有限公司', errMsg: 'chooseInvoiceTitle:ok' });
    const person = call(test, 'chooseInvoiceTitle');
    await rows.filter({ hasText: '张三' }).click();
    expect(await person).toMatchObject({ type: 1, title: '张三', taxNumber: '' });
    const invoice = call(test, 'chooseInvoice');
    await rows.first().click();
    const [info] = JSON.parse((await invoice).invoiceInfo as string);
    expect(info).toEqual({ card_id: expect.any(String), encrypt_code: expect.any(String), app_id: 'wxtest' });
    const plate = call(test, 'chooseLicensePlate');
    await rows.filter({ hasText: '粤BD12345' }).click();
    expect(await plate).toEqual({ plateNumber: '粤BD12345', errMsg: 'chooseLicensePlate:ok' });
    for (const name of ['chooseInvoiceTitle', 'chooseInvoice', 'chooseLicensePlate']) {
      const cancelled = message(test, name);
      await test.page.locator('button.tall-cancel').click();
      expect(await cancelled).toBe(`${name}:fail cancel`);
    }
    await test.close();
  });

  it('wx.sendSms: shows the message before it is sent', async () => {
    const test = await startApp({ mode, files });
    const sent = message(test, 'sendSms', { phoneNumber: '10086', content: '查询余额' });
    expect(await test.page.locator('[name="phoneNumber"]').inputValue()).toBe('10086');
    expect(await test.page.locator('[name="content"]').inputValue()).toBe('查询余额');
    await test.page.locator('.tall-confirm').click();
    expect(await sent).toBe('sendSms:ok');
    const cancelled = message(test, 'sendSms');
    await test.page.locator('button.tall-cancel').click();
    expect(await cancelled).toBe('sendSms:fail cancel');
    expect(await message(test, 'sendSms', { content: 1 })).toBe(
      'sendSms:fail parameter error: parameter.content should be String instead of Number;',
    );
    await test.close();
  });
});
